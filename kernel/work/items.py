"""Items in a lane: leased in order, finished with the holder's fence, buried when they cannot be done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

import structlog

from kernel.clock import now
from kernel.models.work import WorkItem
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.work.lanes import Lease, mark, mark_many
from kernel.work.outcomes import StaleFence

log = structlog.get_logger(agentName="kernel")


def enqueue(kind: str, item: WorkItem) -> WorkItem:
    """Insert ``item`` and make its lane due, both in the caller's transaction."""
    item.save(force_insert=True)
    mark(kind, lane_key(item.lane), due_at=item.due_at)
    return item


def enqueue_many(kind: str, items: Sequence[WorkItem]) -> None:
    """``enqueue`` for several items of one model."""
    if items:
        type(items[0]).objects.bulk_create(list(items))
        mark_many(kind, [(lane_key(item.lane), item.due_at) for item in items])


def lane_key(lane: str) -> str:
    """A lane's key carries its tenant, because lanes of all tenants share a collection."""
    return f"{owner()['tenantId']}:{lane}"


def lane_of(lease: Lease) -> str:
    return lease.key.split(":", 1)[1]


@dataclass
class Batch:
    """What a turn got: ``items`` to do now; otherwise when to come back. ``more`` waits behind."""

    items: list[Any]
    due_at: datetime | None = None
    more: bool = False

    def next_turn(self) -> datetime | None:
        return now() if self.more else None


def lease_items(
    model: type[WorkItem], lease: Lease, most: int, *, uncounted: bool = False
) -> Batch:
    """The next items of the lane in order, attempts counted before the work.

    Items that have been tried before come in smaller batches, so that one that
    kills its worker soon stands alone. ``uncounted``: a holder that died may
    have tried them without counting, which counts now.
    """
    lease.renew()  # a claim is not on a majority yet, and what is leased here must not be leased twice
    lane = lane_of(lease)
    waiting = list(model.objects.filter(lane=lane, open=True).order_by("id")[: most + 1])
    if not waiting:
        return Batch([])
    if waiting[0].due_at > now():
        return Batch([], due_at=waiting[0].due_at)
    missed = int(uncounted and waiting[0].attempts == 0)
    items = _prefix(waiting[:most], waiting[0].attempts + missed)
    matched = collection(model).update_many(
        {**owner(), "_id": {"$in": [ObjectId(i.pk) for i in items]}, "open": True,
         "fence": {"$lte": lease.fence}},
        {"$set": {"state": WorkItem.LEASED, "fence": lease.fence}, "$inc": {"attempts": 1 + missed}},
    ).matched_count  # fmt: skip
    if matched != len(items):
        raise StaleFence(f"{matched} of {len(items)} items of {lease.key} could be leased")
    for item in items:
        item.attempts += 1 + missed
        item.fence, item.state = lease.fence, WorkItem.LEASED
    return Batch(items, more=len(waiting) > len(items))


def _prefix(items: list[WorkItem], tried: int) -> list[WorkItem]:
    size = len(items) if tried == 0 else 8 if tried == 1 else 1
    at = now()
    return list(takewhile(lambda item: item.due_at <= at, items[:size])) or items[:1]


def finish(model: type[WorkItem], items: Sequence[WorkItem], fields: dict[str, Any]) -> None:
    """Write the outcome of leased items; raises ``StaleFence`` if any has another holder by now."""
    if not items:
        return
    fence = items[0].fence
    matched = collection(model).update_many(
        {**owner(), "_id": {"$in": [ObjectId(i.pk) for i in items]}, "fence": fence,
         "state": WorkItem.LEASED},
        {"$set": fields},
    ).matched_count  # fmt: skip
    if matched != len(items):
        raise StaleFence(f"{len(items) - matched} items have another holder")


def done_fields(note: str = "") -> dict[str, Any]:
    return {"state": WorkItem.DONE, "open": False, "finished_at": now(), "reason": note}


def replay(kind: str, item: WorkItem) -> None:
    """Bring a dead or parked item back, in its place in the lane."""
    collection(type(item)).update_one({**owner(), "_id": ObjectId(item.pk)}, {"$set": _again()})
    mark(kind, lane_key(item.lane))


def replay_many(kind: str, model: type[WorkItem], items: Sequence[WorkItem], state: str) -> int:
    """``replay`` for those of ``items`` that are still in ``state``; returns how many were."""
    still = {**owner(), "_id": {"$in": [ObjectId(item.pk) for item in items]}, "state": state}
    matched: int = collection(model).update_many(still, {"$set": _again()}).matched_count
    mark_many(kind, [(lane_key(item.lane), now()) for item in items])
    return matched


def _again() -> dict[str, Any]:
    return {"state": WorkItem.READY, "open": True, "attempts": 0, "due_at": now(), "reason": "",
            "finished_at": None, "fence": 0}  # fmt: skip
