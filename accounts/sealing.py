"""Secrets of people at rest: sealed with a data key of the platform, which the key ring wraps.

As ``kernel/vault.py`` does for tenants; a person belongs to none.
"""

import time
from functools import partial

from accounts.models import PersonKey
from kernel.clock import now
from kernel.envelope import new_data_key, open_sealed, rewrap, seal, sealed_key_id, unwrap, wrap
from kernel.mongo.doors import ObjectId
from kernel.mongo.ids import new_id
from kernel.mongo.rows import find_one
from kernel.vault import NoDataKey, key_ring

PLATFORM = "platform"
KEPT_S = 60.0
_wrapped: dict[str, tuple[float, str]] = {}  # as stored, by id; "" is the newest's id


def seal_text(text: str, *, collection: str, field: str) -> str:
    """``text`` as it may be stored in that field; empty stays empty."""
    if not text:
        return ""
    key_id = _newest()
    place = partial(seal, _data_key(key_id), text, tenant=PLATFORM, key_id=key_id)
    return place(collection=collection, object_id=PLATFORM, field=field)


def open_text(token: str, *, collection: str, field: str) -> str:
    """What was sealed for that field; raises ``envelope.Tampered`` or ``NoDataKey``."""
    if not token:
        return ""
    data_key = _data_key(sealed_key_id(token))
    return open_sealed(
        data_key, token, tenant=PLATFORM, collection=collection, object_id=PLATFORM, field=field
    ).decode()


def rewrap_person_keys() -> int:
    """Wrap the platform's data keys with the ring's current key; returns how many changed."""
    changed = 0
    for key in PersonKey.objects.exclude(ring_key=key_ring().current):
        key.wrapped = rewrap(key_ring(), key.wrapped, _aad(key.pk))
        key.ring_key, key.rewrapped_at = key_ring().current, now()
        key.save(update_fields=["wrapped", "ring_key", "rewrapped_at"])
        changed += 1
    return changed


def _newest() -> str:
    known = _wrapped.get("")
    if known is not None and known[0] > time.monotonic():
        return known[1]
    key = PersonKey.objects.order_by("-id").first() or _first_key()
    _wrapped[""] = (time.monotonic() + KEPT_S, key.pk)
    return str(key.pk)


def _first_key() -> PersonKey:
    """Two processes may each make one at first: the newest seals from then on, both open."""
    key_id = new_id()
    wrapped = wrap(key_ring(), new_data_key(), _aad(key_id))
    return PersonKey.objects.create(pk=key_id, wrapped=wrapped, ring_key=key_ring().current)


def _data_key(key_id: str) -> bytes:
    """Unwrapped from what this process read in the last minute, or from the row."""
    known = _wrapped.get(key_id) if key_id else None
    if known is None or known[0] <= time.monotonic():
        row = find_one(PersonKey, {"_id": ObjectId(key_id)}) if ObjectId.is_valid(key_id) else None
        if row is None:
            raise NoDataKey("a data key of the platform is missing")
        known = _wrapped[key_id] = (time.monotonic() + KEPT_S, row.wrapped)
    return unwrap(key_ring(), known[1], _aad(key_id))


def _aad(key_id: str) -> bytes:
    return f"{PLATFORM}|person_keys|{key_id}".encode()
