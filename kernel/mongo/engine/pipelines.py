"""Reading aggregation pipelines: does one carry the tenant, and what does it join?"""

from typing import Any

from bson import ObjectId

from kernel.scoping.context import TenantMismatch
from kernel.scoping.registry import is_owned

Stage = dict[str, Any]

FORBIDDEN = frozenset(
    {"$merge", "$out", "$graphLookup", "$collStats", "$indexStats", "$planCacheStats"}
)
BEFORE_MATCH = frozenset({"$lookup", "$set", "$unwind", "$addFields"})


def carries(criteria: Any, tenant: ObjectId) -> bool:
    """Whether a filter (or document) can only ever hit rows of ``tenant``."""
    if not isinstance(criteria, dict):
        return False
    if criteria.get("tenantId") in (tenant, {"$eq": tenant}, {"$in": [tenant]}):
        return True
    if "$or" in criteria and criteria["$or"] and all(carries(c, tenant) for c in criteria["$or"]):
        return True
    return any(carries(c, tenant) for c in criteria.get("$and", ()))


def checked(pipeline: list[Stage], tenant: ObjectId, collection: str) -> list[Stage]:
    """The pipeline with every join narrowed to ``tenant``; raises ``TenantMismatch`` if it can see past it."""
    match = next((stage["$match"] for stage in pipeline if "$match" in stage), None)
    for stage in pipeline:
        if "$match" in stage:
            break
        if not BEFORE_MATCH.issuperset(stage):
            raise TenantMismatch(f"aggregate on {collection} does not start with the active tenant")
    if not carries(match, tenant):
        raise TenantMismatch(f"aggregate on {collection} does not carry the active tenant")
    head = [] if "$match" in pipeline[0] else [{"$match": {"tenantId": tenant}}]
    return [*head, *narrowed(pipeline, tenant)]


def narrowed(pipeline: list[Stage], tenant: ObjectId) -> list[Stage]:
    """Every ``$lookup`` and ``$unionWith`` into a tenant's collection begins with the tenant."""
    return [_narrow(stage, tenant) for stage in pipeline]


def _narrow(stage: Stage, tenant: ObjectId) -> Stage:
    if forbidden := FORBIDDEN.intersection(stage):
        raise TenantMismatch(f"{', '.join(forbidden)} is not allowed on a tenant's collection")
    if "$facet" in stage:
        return {"$facet": {k: narrowed(p, tenant) for k, p in stage["$facet"].items()}}
    if "$lookup" in stage:
        return {"$lookup": _joined(stage["$lookup"], "from", tenant)}
    if "$unionWith" in stage:
        union = stage["$unionWith"]
        union = {"coll": union} if isinstance(union, str) else union
        return {"$unionWith": _joined(union, "coll", tenant)}
    return stage


def _joined(join: Stage, key: str, tenant: ObjectId) -> Stage:
    if not isinstance(join.get(key), str):
        raise TenantMismatch("a join that names no collection cannot be read")
    inner = narrowed(join.get("pipeline", []), tenant)
    if is_owned(join[key]):
        inner = [{"$match": {"tenantId": tenant}}, *inner]
    return {**join, "pipeline": inner} if inner or "pipeline" in join else join
