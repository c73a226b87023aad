"""Work of several tenants at once, in figures only: what is due and since when, what is stuck, what is held."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kernel.backoffice.overview import work_models
from kernel.clock import LONG_AGO, now
from kernel.models import Lane, WorkItem
from kernel.mongo.doors import ObjectId, collection
from kernel.scoping import Reason, unscoped
from kernel.work import kinds

MOST = 10_000
TIME_MS = 3_000


@dataclass
class Load:
    """One tenant's work: by queue the lanes that are due and the oldest due time; items that are stuck.

    ``capped``: there was more than is counted at once, so each figure says "at least".
    """

    due: Counter[str] = field(default_factory=Counter)
    oldest: dict[str, datetime] = field(default_factory=dict)
    stuck: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    capped: bool = False

    def note_due(self, queue: str, count: int, since: datetime) -> None:
        self.due[queue] += count
        self.oldest[queue] = min(since, self.oldest.get(queue, since))


def queues() -> list[str]:
    """Every queue that some kind of work goes through."""
    return sorted({kind.queue for kind in kinds()})


def loads(tenant_ids: list[str]) -> dict[str, Load]:
    """The work of each of a page of tenants, in three commands whatever they hold."""
    found = {tenant_id: Load() for tenant_id in tenant_ids}
    if found:
        _note_due(found)
        _note_held(found)
        _note_stuck(found)
    return found


def _note_due(found: dict[str, Load]) -> None:
    by_kind = {kind.name: kind.queue for kind in kinds()}
    match = {"kind": {"$in": list(by_kind)}, "tenant_id": {"$in": list(found)},
             "due_at": {"$gt": LONG_AGO, "$lte": now()}}  # fmt: skip
    group = {"_id": {"tenant": "$tenant_id", "kind": "$kind"}, "n": {"$sum": 1},
             "since": {"$min": "$due_at"}}  # fmt: skip
    rows = _grouped(Lane, match, group, hint="lane_tenant_due")
    for row in rows:
        load = found[row["_id"]["tenant"]]
        load.note_due(by_kind[row["_id"]["kind"]], row["n"], row["since"].replace(tzinfo=UTC))
        load.capped = load.capped or sum(r["n"] for r in rows) >= MOST


def _note_held(found: dict[str, Load]) -> None:
    match = {"tenant_id": {"$in": list(found)}, "held": {"$gt": ""}}
    group = {"_id": {"tenant": "$tenant_id", "held": "$held"}, "n": {"$sum": 1}}
    for row in _grouped(Lane, match, group, hint="lane_held"):
        cause = row["_id"]["held"].partition(":")[0]
        found[row["_id"]["tenant"]].held[cause] += row["n"]


def _note_stuck(found: dict[str, Load]) -> None:
    """One command over all collections of work; each is read by its index of states alone."""
    wanted = {"tenantId": {"$in": [ObjectId(id_) for id_ in found]},
              "state": {"$in": [WorkItem.DEAD, WorkItem.PARKED]}}  # fmt: skip
    part: list[dict[str, Any]] = [
        {"$match": wanted}, {"$limit": MOST}, {"$project": {"_id": 0, "tenantId": 1, "state": 1}},
        {"$group": {"_id": {"tenant": "$tenantId", "state": "$state"}, "n": {"$sum": 1}}},
    ]  # fmt: skip
    first, *others = work_models()
    unions = [{"$unionWith": {"coll": m._meta.db_table, "pipeline": part}} for m in others]
    with unscoped(Reason.PLATFORM_ADMIN):
        rows = collection(first).aggregate([*part, *unions], maxTimeMS=TIME_MS)
    for row in rows:
        load = found[str(row["_id"]["tenant"])]
        load.stuck[row["_id"]["state"]] += row["n"]
        load.capped = load.capped or row["n"] >= MOST


def _grouped(
    model: Any, match: dict[str, Any], group: dict[str, Any], *, hint: str
) -> list[dict[str, Any]]:
    pipeline = [{"$match": match}, {"$limit": MOST}, {"$group": group}]
    return list(collection(model).aggregate(pipeline, hint=hint, maxTimeMS=TIME_MS))
