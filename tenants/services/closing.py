"""Why a tenant is closed: each cause is set and lifted by itself, and it opens when none is left."""

from typing import Any

from kernel.clock import now
from kernel.mongo.doors import ObjectId, collection
from tenants.errors import ErasureOpen, TenantIncomplete
from tenants.models import Tenant

Causes = list[str]


def close(tenant_id: str, cause: str) -> Causes | None:
    """Close the tenant for one more cause; those before it, None if it is closed for this one already.

    In the caller's transaction, as the others here.
    """
    mine = {"_id": ObjectId(tenant_id), "closed_by": {"$ne": cause}}
    kept = {"$ifNull": ["$closed_by", []]}
    change = {"$set": {"closed_by": {"$setUnion": [kept, [cause]]}, "status": Tenant.SUSPENDED,
                       "suspended_at": {"$ifNull": ["$suspended_at", now()]}}}  # fmt: skip
    before = collection(Tenant).find_one_and_update(mine, [change], {"closed_by": 1})
    return None if before is None else list(before.get("closed_by") or [])


def lift(tenant_id: str, cause: str) -> bool:
    """Lift one cause, whatever others there are; whether the tenant is open by that."""
    mine = {"_id": ObjectId(tenant_id), "closed_by": cause}
    rest = {"$set": {"closed_by": {"$setDifference": ["$closed_by", [cause]]}}}
    is_last = {"$eq": ["$closed_by", []]}
    opened = {"$set": {"status": {"$cond": [is_last, Tenant.ACTIVE, "$status"]},
                       "suspended_at": {"$cond": [is_last, None, "$suspended_at"]}}}  # fmt: skip
    before = collection(Tenant).find_one_and_update(mine, [rest, opened], {"closed_by": 1})
    return before is not None and before["closed_by"] == [cause]


def lift_staffs(tenant_id: str) -> bool:
    """Lift the staff's cause if it is the only one; whether that opened the tenant.

    Raises ``ErasureOpen`` and ``TenantIncomplete`` for what staff do not lift.
    """
    alone = {"_id": ObjectId(tenant_id), "closed_by": [Tenant.BY_STAFF]}
    change: dict[str, Any] = {
        "$set": {"closed_by": [], "status": Tenant.ACTIVE, "suspended_at": None}
    }
    if collection(Tenant).update_one(alone, change).matched_count:
        return True
    found = collection(Tenant).find_one({"_id": ObjectId(tenant_id)}, {"closed_by": 1}) or {}
    causes = found.get("closed_by") or []
    if Tenant.BY_ERASURE in causes:
        raise ErasureOpen("the tenant is closed until its erasure is cancelled")
    if Tenant.BY_IMPORT in causes:
        raise TenantIncomplete
    return False
