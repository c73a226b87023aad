"""Encryption at rest: AES-256-GCM data keys, wrapped by the deployment's key ring.

A tenant's values are sealed with the tenant's own data key, and the data key is stored wrapped
by a key of the ring, so rotating the ring rewraps keys and touches no value. What is sealed is
bound to its place: moved to another tenant, row or field, it does not open.

Nonces are random (96 bits), which is sound for up to 2**32 values under one data key.
"""

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
# 32 random bytes have fewer distinct values than this once in about 10**15 draws.
_MIN_DISTINCT = 16
_VERSION = "v1"
_WRAP_VERSION = "w1"


class EnvelopeError(Exception):
    """A value cannot be opened."""


class UnknownKey(EnvelopeError):
    """The key that the value names is not in the ring. `key_id` is that name."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"no key {key_id!r} in the ring")
        self.key_id = key_id


class Tampered(EnvelopeError):
    """The value was changed or moved, or belongs to another key; which one cannot be told."""

    def __init__(self) -> None:
        super().__init__("the sealed value does not open in this place with this key")


class WeakKey(ValueError):
    """Key material that must not be used. The text says why and never shows the key."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys that wrap data keys, by id; `current` wraps, the others only unwrap."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def from_env(cls, text: str) -> "KeyRing":
        """Read `k2:<base64>,k1:<base64>`, 32 bytes each; the first is the current one.

        Raises `WeakKey` for a key that is short or not random, `ValueError` for anything else.
        """
        keys: dict[str, bytes] = {}
        for entry in filter(None, (part.strip() for part in text.split(","))):
            key_id, separator, encoded = entry.partition(":")
            if not separator or not _KEY_ID.fullmatch(key_id):
                raise ValueError("a key ring is written as <id>:<base64>, separated by commas")
            if key_id in keys:
                raise ValueError(f"key {key_id!r} stands twice in the ring")
            keys[key_id] = _checked_key(key_id, encoded)
        if not keys:
            raise ValueError("the key ring is empty: at least one key must wrap data keys")
        if len(set(keys.values())) < len(keys):
            raise WeakKey("two ids in the key ring hold the same key, so nothing was rotated")
        return cls(current=next(iter(keys)), keys=keys)

    def key(self, key_id: str) -> bytes:
        """The key called `key_id`; raises `UnknownKey`."""
        try:
            return self.keys[key_id]
        except KeyError:
            raise UnknownKey(key_id) from None


def new_data_key() -> bytes:
    """A fresh 256-bit key."""
    return secrets.token_bytes(KEY_BYTES)


def new_ring_entry(key_id: str) -> str:
    """A fresh `<id>:<base64>` for the front of a key ring."""
    return f"{key_id}:{base64.b64encode(new_data_key()).decode()}"


def wrap(ring: KeyRing, data_key: bytes, aad: bytes) -> str:
    """`data_key` encrypted by the ring's current key and bound to `aad`: `w1.<id>.<base64>`."""
    if len(data_key) != KEY_BYTES:
        raise WeakKey(f"a data key has {KEY_BYTES} bytes")
    key_id = ring.current
    bound = _bind(_WRAP_VERSION, key_id, aad)
    return f"{_WRAP_VERSION}.{key_id}.{_encrypt(ring.key(key_id), data_key, bound)}"


def unwrap(ring: KeyRing, wrapped: str, aad: bytes) -> bytes:
    """The data key inside `wrapped`; raises `UnknownKey` or `Tampered`."""
    key_id, encoded = _split_wrapped(wrapped)
    return _decrypt(ring.key(key_id), encoded, _bind(_WRAP_VERSION, key_id, aad))


def needs_rewrap(ring: KeyRing, wrapped: str) -> bool:
    """Whether `wrapped` is under another key than the ring's current one."""
    return _split_wrapped(wrapped)[0] != ring.current


def rewrap(ring: KeyRing, wrapped: str, aad: bytes) -> str:
    """The same data key under the current key; `wrapped` itself when it already is."""
    if not needs_rewrap(ring, wrapped):
        return wrapped
    return wrap(ring, unwrap(ring, wrapped, aad), aad)


def seal(
    data_key: bytes,
    plaintext: bytes | str,
    *,
    tenant: str,
    collection: str,
    object_id: str,
    field: str,
    key_id: str = "",
) -> str:
    """`plaintext` encrypted for one field of one row: `v1.<base64>`, or `v1.<key id>.<base64>`.

    `key_id` may name the data key, for a tenant that has more than one; it is bound too.
    """
    if key_id and not _KEY_ID.fullmatch(key_id):
        raise ValueError("a key id has 1 to 32 letters, digits, hyphens or underscores")
    data = plaintext.encode() if isinstance(plaintext, str) else plaintext
    encoded = _encrypt(data_key, data, _place(tenant, collection, object_id, field, key_id))
    return ".".join(filter(None, (_VERSION, key_id, encoded)))


def open_sealed(
    data_key: bytes, token: str, *, tenant: str, collection: str, object_id: str, field: str
) -> bytes:
    """The plaintext of `token`; raises `Tampered` when it was not sealed for this very place."""
    key_id, encoded = _split_sealed(token)
    return _decrypt(data_key, encoded, _place(tenant, collection, object_id, field, key_id))


def sealed_key_id(token: str) -> str:
    """The data key that `token` names, or an empty string; raises `Tampered` for a non-token."""
    return _split_sealed(token)[0]


def _checked_key(key_id: str, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise WeakKey(f"key {key_id!r} is not base64") from None
    if len(key) != KEY_BYTES:
        raise WeakKey(f"key {key_id!r} has {len(key)} bytes; AES-256 needs {KEY_BYTES}")
    if len(set(key)) < _MIN_DISTINCT or key.isascii():
        raise WeakKey(f"key {key_id!r} is not random: make one with a random generator")
    return key


def _place(tenant: str, collection: str, object_id: str, field: str, key_id: str) -> bytes:
    parts = (tenant, collection, object_id, field)
    if not all(parts):
        raise ValueError("a sealed value belongs to a tenant, a collection, a row and a field")
    return _bind(*parts, _VERSION, key_id)


def _bind(*parts: str | bytes) -> bytes:
    # Each part carries its length, so that no two lists of parts give the same bytes.
    raw = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in raw)


def _encrypt(key: bytes, data: bytes, aad: bytes) -> str:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = nonce + AESGCM(key).encrypt(nonce, data, aad)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _decrypt(key: bytes, encoded: str, aad: bytes) -> bytes:
    try:
        sealed = base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Tampered from None
    if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
        raise Tampered
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], aad)
    except InvalidTag:
        raise Tampered from None


def _split_wrapped(wrapped: str) -> tuple[str, str]:
    version, _, rest = wrapped.partition(".")
    key_id, separator, encoded = rest.partition(".")
    if version != _WRAP_VERSION or not separator or not _KEY_ID.fullmatch(key_id):
        raise Tampered
    return key_id, encoded


def _split_sealed(token: str) -> tuple[str, str]:
    version, _, rest = token.partition(".")
    key_id, separator, encoded = rest.partition(".")
    if version != _VERSION or not rest or (separator and not _KEY_ID.fullmatch(key_id)):
        raise Tampered
    return (key_id, encoded) if separator else ("", rest)
