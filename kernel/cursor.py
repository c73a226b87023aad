"""Page tokens: where the last page ended, signed and bound to one tenant and one list.

A token carries the last row's sort keys and id. Clients send it back unread; a token that was
changed, or that comes from another tenant or another list, is refused like a garbled one.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from kernel.errors import BadRequest

Value = str | int | datetime | None

_MAC_BYTES = 16
_MAX_TOKEN = 4096
_MIN_KEY = 16
_LABEL = "cursor.v1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class InvalidCursor(BadRequest):
    """The page token is not one that this list gave to this tenant."""

    code = "invalid_cursor"
    title = "This page token is not valid here"


def encode(position: Sequence[Value], *, tenant: str, scope: str, key: bytes) -> str:
    """The token for `position`, the sort keys and id of a page's last row.

    `scope` names the list with its order and filters, so that a token of one cannot be used on
    another. Times must be aware and keep their milliseconds, as the database does; they come
    back in UTC. Raises `TypeError` for other types.
    """
    values = [_to_json(value) for value in position]
    body = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    sealed = _mac(body, tenant, scope, key) + body
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def decode(
    token: str, *, tenant: str, scope: str, key: bytes | Sequence[bytes], length: int | None = None
) -> list[Value]:
    """The position inside `token`; raises `InvalidCursor`.

    `key` may be several, the current one first, while keys are rotated. `length` is the number
    of sort keys that the list expects, when the caller wants it checked.
    """
    sealed = _sealed(token)
    mac, body = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
    keys = [key] if isinstance(key, bytes) else list(key)
    # Every key is tried, so that the time does not tell which one matched.
    matches = [hmac.compare_digest(mac, _mac(body, tenant, scope, each)) for each in keys]
    if not any(matches):
        raise InvalidCursor
    # Signed by us, so it is what `encode` wrote.
    position = [_from_json(value) for value in json.loads(body)]
    if length is not None and len(position) != length:
        raise InvalidCursor
    return position


def _to_json(value: Value) -> object:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("a page token holds aware times only")
        return {"ms": (value - _EPOCH) // _MILLISECOND}
    if value is None or (isinstance(value, str | int) and not isinstance(value, bool)):
        return value
    raise TypeError(f"a page token cannot hold {type(value).__name__}")


def _from_json(value: object) -> Value:
    if isinstance(value, dict):
        return _EPOCH + int(value["ms"]) * _MILLISECOND
    if value is None or isinstance(value, str | int):
        return value
    raise InvalidCursor


def _sealed(token: str) -> bytes:
    if len(token) > _MAX_TOKEN:
        raise InvalidCursor
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidCursor from None
    # One position has one token: spare bits at the end of base64 would give it several.
    if base64.urlsafe_b64encode(sealed).rstrip(b"=").decode() != token:
        raise InvalidCursor
    return sealed


def _mac(body: bytes, tenant: str, scope: str, key: bytes) -> bytes:
    if len(key) < _MIN_KEY:
        raise ValueError(f"the key that signs page tokens needs {_MIN_KEY} bytes or more")
    parts = (_LABEL.encode(), tenant.encode(), scope.encode(), body)
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(key, message, hashlib.sha256)[:_MAC_BYTES]
