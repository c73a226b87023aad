"""Serving several lanes of one tenant in one transaction.

Lanes keep apart what need not wait for each other; a transaction for each of
them would cost a dozen round trips for a message or two. So the fresh items of
all lanes in hand are applied together, in the order in which they came, and
only when something is wrong is each lane served alone.

Nothing is written before the work: a holder that dies in it is told by its
lanes (``Lane.tries``), and what it held is then served alone and counted.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from kernel.clock import now
from kernel.models.work import WorkItem
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.work.items import done_fields, lane_of
from kernel.work.lanes import Lease, demand_held
from kernel.work.outcomes import Hold, StaleFence
from kernel.work.registry import Released
from kernel.work.serving import run_transaction_again, serve_batches

log = structlog.get_logger(agentName="kernel")


class Waiting:
    """An item as it was read, with the names of its model; making thousands of models would cost more than the work."""

    __slots__ = ("pk", "row")

    def __init__(self, row: dict[str, Any]) -> None:
        self.row, self.pk = row, str(row["_id"])

    def __getattr__(self, name: str) -> Any:
        value = self.row[name]
        return str(value) if isinstance(value, ObjectId) else value


def serve_together(
    model: type[WorkItem],
    leases: Sequence[Lease],
    handle: Callable[[list[Any]], None],
    *,
    most: int,
) -> list[Released | None]:
    """How each lane is put back, in the order of ``leases``; None for one that was lost meanwhile.

    ``handle`` raises ``Hold`` for a cause that is the whole tenant's.
    """
    lanes = [lane_of(lease) for lease in leases]
    items, more = _waiting(model, lanes, most)
    at = now().replace(tzinfo=None)  # as the driver gives times
    fresh = all(item.row["attempts"] == 0 and item.row["due_at"] <= at for item in items)
    if not fresh or any(lease.deaths for lease in leases):
        return [_alone(model, lease, handle, most) for lease in leases]
    try:
        run_transaction_again(lambda: _apply(model, leases, items, handle))
    except Hold as hold:
        return _hold(model, lanes, hold.reason)
    except Exception as error:  # noqa: BLE001  (whatever it was: alone it stands out)
        log.info("lanes.parted", lanes=len(leases), items=len(items), error=type(error).__name__)
        return [_alone(model, lease, handle, most) for lease in leases]
    served = Counter(item.lane for item in items)
    return [Released(due_at=now() if more else None, served=served[lane]) for lane in lanes]


def _waiting(model: type[WorkItem], lanes: list[str], most: int) -> tuple[list[Any], bool]:
    """The oldest items of all the lanes, and whether there are more."""
    where = {**owner(), "lane": {"$in": lanes}, "open": True}
    some = {"sort": [("_id", 1)], "limit": most + 1, "batch_size": most + 2}
    rows = list(collection(model).find(where, **some))
    return [Waiting(row) for row in rows[:most]], len(rows) > most


def _hold(model: type[WorkItem], lanes: list[str], reason: str) -> list[Released | None]:
    """All lanes are held, and what is new in them is shown as parked."""
    fresh = {**owner(), "lane": {"$in": lanes}, "open": True, "state": WorkItem.READY}
    change = {"$set": {"state": WorkItem.PARKED, "reason": reason}}
    collection(model).update_many(fresh, change)
    return [Released(held=reason)] * len(lanes)


def _alone(model: Any, lease: Lease, handle: Any, most: int) -> Released | None:
    try:
        return serve_batches(model, lease, handle, most=most)
    except StaleFence:
        log.warning("lane.lost", lane=lease.key, fence=lease.fence)
        return None


def _apply(model: Any, leases: Sequence[Lease], items: list[Any], handle: Any) -> None:
    """The work and its outcome. Of two holders one finds its lanes taken or its items closed."""
    if not items:
        return
    demand_held(leases)
    handle(items)
    mine = {**owner(), "_id": {"$in": [ObjectId(item.pk) for item in items]}, "open": True}
    done = {**done_fields(), "attempts": 1}
    if collection(model).update_many(mine, {"$set": done}).matched_count != len(items):
        raise StaleFence("some of the items have another holder")
