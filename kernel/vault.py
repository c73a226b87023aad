"""The vault: values sealed with the tenant's own data key, bound to tenant, collection, row and field."""

import time
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.db import models

from kernel.clock import now
from kernel.envelope import (
    EnvelopeError,
    KeyRing,
    new_data_key,
    open_sealed,
    rewrap,
    seal,
    unwrap,
    wrap,
)
from kernel.errors import Unavailable
from kernel.models import TenantKey
from kernel.mongo.doors import ObjectId
from kernel.mongo.ids import new_id
from kernel.mongo.rows import find_one
from kernel.scoping.context import active_tenant_id

KEPT_S, KEPT = 60.0, 1_000
_wrapped: dict[tuple[str, str], tuple[float, str]] = {}  # as stored; what it wraps is never kept


class NoDataKey(Unavailable):
    code = "no_data_key"
    title = "The tenant has no data key"


@lru_cache(maxsize=1)
def key_ring() -> KeyRing:
    """The installation's ring, from the environment."""
    return KeyRing.from_env(settings.KEY_RING)


def create_tenant_key() -> TenantKey:
    """A new data key for the active tenant; the newest seals."""
    key_id = new_id()
    wrapped = wrap(key_ring(), new_data_key(), _aad(key_id))
    return TenantKey.objects.create(pk=key_id, wrapped=wrapped, ring_key=key_ring().current)


def seal_field(row: models.Model, field: str, value: str) -> str:
    """``value`` as it may be stored in ``row.field``; empty stays empty."""
    if not value:
        return ""
    key = TenantKey.objects.order_by("-id").first()
    if key is None:
        raise NoDataKey
    data_key = unwrap(key_ring(), key.wrapped, _aad(key.pk))
    return seal(data_key, value, key_id=key.pk, **_place(row, field))


def open_field(row: models.Model, field: str) -> str:
    """The value sealed in ``row.field``; raises ``envelope.Tampered`` when it was moved or changed."""
    token = getattr(row, field)
    if not token:
        return ""
    data_key = _data_key(token.split(".")[1])
    return open_sealed(data_key, token, **_place(row, field)).decode()


def _data_key(key_id: str) -> bytes:
    """Unwrapped from what this process read in the last minute, or from the row.

    No longer, so that a key that was destroyed opens nothing a minute later.
    """
    known = _wrapped.get((active_tenant_id(), key_id))
    if known is not None and known[0] > time.monotonic():
        try:
            return unwrap(key_ring(), known[1], _aad(key_id))
        except EnvelopeError:
            return _read_data_key(key_id)  # wrapped anew by another ring meanwhile
    return _read_data_key(key_id)


def _read_data_key(key_id: str) -> bytes:
    key = find_one(TenantKey, {"_id": ObjectId(key_id)}) if ObjectId.is_valid(key_id) else None
    if key is None:
        raise NoDataKey
    data_key = unwrap(key_ring(), key.wrapped, _aad(key.pk))
    if len(_wrapped) >= KEPT:
        _wrapped.clear()
    _wrapped[active_tenant_id(), key_id] = (time.monotonic() + KEPT_S, key.wrapped)
    return data_key


def rewrap_keys() -> int:
    """Wrap the active tenant's data keys with the ring's current key; returns how many changed."""
    changed = 0
    for key in TenantKey.objects.exclude(ring_key=key_ring().current):
        key.wrapped = rewrap(key_ring(), key.wrapped, _aad(key.pk))
        key.ring_key, key.rewrapped_at = key_ring().current, now()
        key.save(update_fields=["wrapped", "ring_key", "rewrapped_at"])
        changed += 1
    return changed


_beside: list[Callable[[], int]] = []


def rewrap_beside(rewraps: Callable[[], int]) -> None:
    """Have ``rotate_keys`` call what wraps keys of no tenant anew; from ``AppConfig.ready``."""
    if rewraps not in _beside:
        _beside.append(rewraps)


def rewrap_keys_of_no_tenant() -> int:
    """Wrap those keys with the ring's current key; returns how many changed."""
    return sum(rewraps() for rewraps in _beside)


def _aad(key_id: str) -> bytes:
    return f"{active_tenant_id()}|tenant_keys|{key_id}".encode()


def _place(row: models.Model, field: str) -> dict[str, str]:
    return {"tenant": active_tenant_id(), "collection": row._meta.db_table,
            "object_id": str(row.pk), "field": field}  # fmt: skip
