"""Using what is limited: refused at the limit, given back when it is freed, changed by staff alone.

What exists in rows (seats, channels) is counted up to the limit, by its index, after a touch of one
row that makes two such transactions wait for each other. What passes (messages, exports) is counted
in one row, with one command that adds only while there is room. Nothing is counted by scanning.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from time import monotonic
from typing import Any

from kernel import audit
from kernel.clock import iso, now
from kernel.mongo.doors import ObjectId, UniqueViolation, collection, new_object_id, owner
from kernel.mongo.transactions import outside_transaction, transactional
from kernel.scoping import active_tenant_id
from tenants import limits
from tenants.access import current_principal
from tenants.errors import InvalidFields, LimitReached, PermissionDenied
from tenants.models import Tenant, TenantSettings, Usage

MOST = 2**53
KEPT_S, KEPT = 5.0, 10_000
_own: dict[str, tuple[float, dict[str, int | None]]] = {}  # of tenants, for a few seconds


@dataclass(frozen=True)
class Used:
    """One limit and its use. ``used_is_at_least``: there may be more, it was not counted further."""

    name: str
    title: str
    limit: int | None
    used: int | None
    used_is_at_least: bool
    resets_at: datetime | None


def demand_room(name: str) -> None:
    """In the transaction that adds one: raise ``LimitReached`` unless there is room for it."""
    most = _most(name)
    count = limits.limit_named(name).count
    if most is None or count is None:
        return
    collection(TenantSettings).update_one({**owner()}, {"$inc": {"owner_changes": 1}})
    if count(most) >= most:
        raise _reached(name, most)


def use(name: str, amount: int = 1) -> bool:
    """Count ``amount`` more; raises ``LimitReached``. False for what is counted only when asked for.

    Never in the caller's transaction, so that those who use a limit at once do not wait for each
    other.
    """
    limit, most = limits.limit_named(name), _most(name)
    if most is None and limit.count is not None:
        return False
    with outside_transaction():
        if not _add(name, amount, most):
            _begin(limit, most)
            if not _add(name, amount, most):
                raise _reached(name, most or 0)
    return True


@contextmanager
def using(name: str, amount: int = 1) -> Iterator[None]:
    """``use`` for the block; given back when it raises. A process that dies in it has used it."""
    is_counted = use(name, amount)
    try:
        yield
    except BaseException:
        if is_counted:
            charge(name, -amount)
        raise


def charge(name: str, amount: int) -> None:
    """Count what is kept whatever the limit says (a customer's file), or, below 0, what is freed.

    In the caller's transaction, if there is one.
    """
    if not _add(name, amount, None):
        with outside_transaction():
            _begin(limits.limit_named(name), None)
            _add(name, amount, None)


def current_limits(tenant: Tenant) -> list[Used]:
    """Every limit of the active tenant with its use now."""
    rows = {row.name: row for row in Usage.objects.all()}
    return [_used(tenant, limit, rows.get(limit.name)) for limit in limits.limits()]


@transactional
def set_limits(*, tenant: Tenant, changes: dict[str, int | None], reason: str) -> Tenant:
    """Staff alone: limits of the active tenant that differ from the installation's; None is no limit."""
    if current_principal().kind not in ("staff", "system"):
        raise PermissionDenied("limits are changed by the installation's staff")
    if problems := [wrong for name, most in changes.items() if (wrong := _problem(name, most))]:
        raise InvalidFields(errors=problems)
    before = {name: limits.most_of(tenant, name) for name in changes}
    tenant.limits = {**(tenant.limits or {}), **changes}
    tenant.save(update_fields=["limits"])
    _own.pop(tenant.pk, None)
    told = {name: [before[name], value] for name, value in changes.items()}
    audit.record("tenant.limits_changed", tenant, told, reason=reason)
    return tenant


def _problem(name: str, most: int | None) -> dict[str, str] | None:
    """What is wrong with a limit that staff want to set, if anything is."""
    least = {limit.name: limit.least for limit in limits.limits()}.get(name)
    if least is None:
        return {"field": name, "code": "unknown", "detail": "there is no such limit"}
    if most is not None and not least <= most <= MOST:
        detail = f"from {least} to {MOST}, or null for no limit"
        return {"field": name, "code": "invalid", "detail": detail}
    return None


def tomorrow() -> datetime:
    """When daily limits begin anew."""
    at = now()
    return datetime.combine(at.date() + timedelta(days=1), time(), at.tzinfo)


def _most(name: str) -> int | None:
    """The active tenant's limit as it was a few seconds ago: staff change it, and rarely."""
    tenant_id, at = active_tenant_id(), monotonic()
    known = _own.get(tenant_id)
    if known is None or known[0] <= at:
        if len(_own) >= KEPT:
            _own.clear()
        row = collection(Tenant).find_one({"_id": ObjectId(tenant_id)}, {"limits": 1}) or {}
        known = _own[tenant_id] = (at + KEPT_S, row.get("limits") or {})
    return limits.most_of(Tenant(limits=known[1]), name)


def _today() -> str:
    return now().date().isoformat()


def _add(name: str, amount: int, most: int | None) -> bool:
    """Add in one command, to today's count if the limit is daily; False when there is no room, or no row."""
    day = _today() if limits.limit_named(name).daily else ""
    held = {"$cond": [{"$eq": ["$day", day]}, "$value", 0]}
    where: dict[str, Any] = {**owner(), "name": name}
    if most is not None:
        where["$expr"] = {"$lte": [{"$add": [held, amount]}, most]}
    value = {"$toLong": {"$max": [0, {"$add": [held, amount]}]}}
    change = [{"$set": {"value": value, "day": day}}]
    return bool(collection(Usage).update_one(where, change).matched_count)


def _begin(limit: limits.Limit, most: int | None) -> None:
    """The row of a limit that is used for the first time, with what is there already."""
    held = limit.count(most) if limit.count is not None and most is not None else 0
    first = {"_id": new_object_id(), "value": held, "day": _today() if limit.daily else ""}
    named = {**owner(), "name": limit.name}
    try:
        collection(Usage).update_one(named, {"$setOnInsert": first}, upsert=True)
    except UniqueViolation:
        return  # another made it at the same moment


def _used(tenant: Tenant, limit: limits.Limit, row: Usage | None) -> Used:
    most = limits.most_of(tenant, limit.name)
    used, at_least = _value(limit, row, most)
    resets_at = tomorrow() if limit.daily else None
    return Used(limit.name, limit.title, most, used, at_least, resets_at)


def _value(limit: limits.Limit, row: Usage | None, most: int | None) -> tuple[int | None, bool]:
    if limit.name == limits.API_RATE:
        return None, False  # told by the headers of each answer
    if limit.daily and limit.count is not None and most is not None and row is not None:
        return (row.value if row.day == _today() else 0), False
    if limit.count is not None:
        far = limits.SHOWN if most is None else most + 1
        used = limit.count(min(far, limits.SHOWN))
        return used, used >= min(far, limits.SHOWN)
    return (row.value if row is not None and (not limit.daily or row.day == _today()) else 0), False


def _reached(name: str, most: int) -> LimitReached:
    limit = limits.limit_named(name)
    detail = f"{limit.title}: at most {most}"
    if not limit.daily:
        return LimitReached(detail, limit=name, most=most)
    return LimitReached(detail, limit=name, most=most, resets_at=iso(tomorrow()))
