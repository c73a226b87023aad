"""The vault: values sealed with a data key, bound to owner, collection, row and field.

What belongs to a tenant is sealed with the tenant's own key (``seal_field``), what belongs to a
person, such as the secret of an authenticator app, with the platform's (``seal_for_platform``).
There is no way to store such a value unsealed: without its key, sealing and opening raise.
"""

import time
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
    sealed_key_id,
    unwrap,
    wrap,
)
from kernel.errors import Unavailable
from kernel.models import PlatformKey, TenantKey
from kernel.mongo.doors import ObjectId
from kernel.mongo.ids import new_id
from kernel.mongo.rows import find_one
from kernel.scoping.context import active_tenant_id

PLATFORM = "platform"  # the owner's name where a tenant's id would stand; no tenant has it
KEPT_S, KEPT = 60.0, 1_000
_wrapped: dict[tuple[str, str], tuple[float, str]] = {}  # as stored; what it wraps is never kept
DataKey = TenantKey | PlatformKey


class NoDataKey(Unavailable):
    code = "no_data_key"
    title = "The tenant has no data key"


@lru_cache(maxsize=1)
def key_ring() -> KeyRing:
    """The installation's ring, from the environment."""
    return KeyRing.from_env(settings.KEY_RING)


def create_tenant_key() -> TenantKey:
    """A new data key for the active tenant; the newest seals."""
    return TenantKey.objects.create(**_new_key(active_tenant_id(), TenantKey))


def create_platform_key() -> PlatformKey:
    """A new data key of the platform; the newest seals."""
    return PlatformKey.objects.create(**_new_key(PLATFORM, PlatformKey))


def seal_field(row: models.Model, field: str, value: str) -> str:
    """``value`` as it may be stored in ``row.field``; empty stays empty."""
    if not value:
        return ""
    key = TenantKey.objects.order_by("-id").first()
    if key is None:
        raise NoDataKey
    return _seal(active_tenant_id(), key, _place(row, field), value)


def open_field(row: models.Model, field: str) -> str:
    """The value sealed in ``row.field``; raises ``envelope.Tampered`` when it was moved or changed."""
    return _open(active_tenant_id(), TenantKey, _place(row, field), getattr(row, field))


def seal_for_platform(value: str, *, collection: str, object_id: str, field: str) -> str:
    """``value`` as it may be stored in a row without a tenant; empty stays empty.

    ``collection``, ``object_id`` and ``field`` name the place it is bound to: elsewhere it does
    not open. Where the row's own id is not known yet, take one that is as good as the row's and
    never changes, such as the person's id of a factor. Needs no tenant and looks at none. Rotating
    the key ring leaves what was sealed as it is.
    """
    if not value:
        return ""
    key = PlatformKey.objects.order_by("-id").first() or create_platform_key()
    return _seal(PLATFORM, key, (collection, object_id, field), value)


def open_for_platform(token: str, *, collection: str, object_id: str, field: str) -> str:
    """What ``seal_for_platform`` sealed for this very place; empty stays empty.

    Raises ``envelope.Tampered`` for what was moved or changed or never was sealed (plain text is
    refused, not returned), ``envelope.UnknownKey`` when the ring lacks the key, ``NoDataKey`` when
    the data key is gone.
    """
    return _open(PLATFORM, PlatformKey, (collection, object_id, field), token)


def is_ring_right() -> bool:
    """Whether the ring opens the platform's newest key: false with a wrong ring or a lost key."""
    key = PlatformKey.objects.order_by("-id").first()
    try:
        ring = key_ring()
        if key is not None:
            unwrap(ring, key.wrapped, _aad(PLATFORM, PlatformKey, key.pk))
    except (EnvelopeError, ValueError):
        return False
    return True


def rewrap_keys() -> int:
    """Wrap the active tenant's data keys with the ring's current key; returns how many changed."""
    keys = TenantKey.objects.exclude(ring_key=key_ring().current)
    return sum(_rewrapped(active_tenant_id(), key) for key in keys)


def rewrap_platform_keys() -> int:
    """The same for the platform's."""
    keys = PlatformKey.objects.exclude(ring_key=key_ring().current)
    return sum(_rewrapped(PLATFORM, key) for key in keys)


def _new_key(owner: str, model: type[DataKey]) -> dict[str, str]:
    key_id = new_id()
    wrapped = wrap(key_ring(), new_data_key(), _aad(owner, model, key_id))
    return {"pk": key_id, "wrapped": wrapped, "ring_key": key_ring().current}


def _seal(owner: str, key: DataKey, place: tuple[str, str, str], value: str) -> str:
    data_key = unwrap(key_ring(), key.wrapped, _aad(owner, type(key), key.pk))
    collection, object_id, field = place
    return seal(data_key, value, tenant=owner, collection=collection, object_id=object_id,
                field=field, key_id=key.pk)  # fmt: skip


def _open(owner: str, model: type[DataKey], place: tuple[str, str, str], token: str) -> str:
    if not token:
        return ""
    data_key = _data_key(owner, model, sealed_key_id(token))
    collection, object_id, field = place
    return open_sealed(data_key, token, tenant=owner, collection=collection, object_id=object_id,
                       field=field).decode()  # fmt: skip


def _data_key(owner: str, model: type[DataKey], key_id: str) -> bytes:
    """Unwrapped from what this process read in the last minute, or from the row.

    No longer, so that a key that was destroyed opens nothing a minute later.
    """
    known = _wrapped.get((owner, key_id))
    if known is not None and known[0] > time.monotonic():
        try:
            return unwrap(key_ring(), known[1], _aad(owner, model, key_id))
        except EnvelopeError:
            return _read_data_key(owner, model, key_id)  # wrapped anew by another ring meanwhile
    return _read_data_key(owner, model, key_id)


def _read_data_key(owner: str, model: type[DataKey], key_id: str) -> bytes:
    key = find_one(model, {"_id": ObjectId(key_id)}) if ObjectId.is_valid(key_id) else None
    if key is None:
        raise NoDataKey
    data_key = unwrap(key_ring(), key.wrapped, _aad(owner, model, key.pk))
    if len(_wrapped) >= KEPT:
        _wrapped.clear()
    _wrapped[owner, key_id] = (time.monotonic() + KEPT_S, key.wrapped)
    return data_key


def _rewrapped(owner: str, key: DataKey) -> int:
    """Compare and set: of two rotations at once one does it, and neither undoes the other."""
    model = type(key)
    fields = {"wrapped": rewrap(key_ring(), key.wrapped, _aad(owner, model, key.pk)),
              "ring_key": key_ring().current, "rewrapped_at": now()}  # fmt: skip
    return model._default_manager.filter(pk=key.pk, wrapped=key.wrapped).update(**fields)


def _aad(owner: str, model: type[DataKey], key_id: str) -> bytes:
    return f"{owner}|{model._meta.db_table}|{key_id}".encode()


def _place(row: models.Model, field: str) -> tuple[str, str, str]:
    return row._meta.db_table, str(row.pk), field
