"""Serving several lanes of one tenant in one transaction.

Lanes keep apart what need not wait for each other; a transaction for each of
them would cost a dozen round trips for a message or two. So the fresh items of
all lanes in hand are applied together, in the order in which they came, and
only when something is wrong is each lane served alone.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from pymongo import UpdateMany

from kernel.clock import now
from kernel.models.work import WorkItem
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.work.items import done_fields, lane_of
from kernel.work.lanes import Lease
from kernel.work.outcomes import StaleFence
from kernel.work.registry import Released
from kernel.work.serving import run_transaction_again, serve_batches

log = structlog.get_logger(agentName="kernel")
Groups = list[tuple[Lease, list[Any]]]


def serve_together(
    model: type[WorkItem],
    leases: Sequence[Lease],
    handle: Callable[[list[Any]], None],
    *,
    most: int,
) -> list[Released | None]:
    """How each lane is put back, in the order of ``leases``; None for one that was lost meanwhile."""
    lanes = [lane_of(lease) for lease in leases]
    items = list(model.objects.filter(lane__in=lanes, open=True).order_by("id")[: most + 1])
    more, items = len(items) > most, items[:most]
    if len(leases) == 1 or not all(item.attempts == 0 and item.due_at <= now() for item in items):
        return [_alone(model, lease, handle, most) for lease in leases]
    groups = _grouped(leases, lanes, items)
    try:
        _lease(model, groups)
        run_transaction_again(lambda: _apply(model, groups, items, handle))
    except Exception as error:  # noqa: BLE001  (whatever it was: alone it stands out)
        log.info("lanes.parted", lanes=len(leases), items=len(items), error=type(error).__name__)
        _give_back(model, groups)
        return [_alone(model, lease, handle, most) for lease in leases]
    served = {lease.id: len(group) for lease, group in groups}
    return [Released(due_at=now() if more else None, served=served[lease.id]) for lease in leases]


def _alone(model: Any, lease: Lease, handle: Any, most: int) -> Released | None:
    try:
        return serve_batches(model, lease, handle, most=most)
    except StaleFence:
        log.warning("lane.lost", lane=lease.key, fence=lease.fence)
        return None


def _grouped(leases: Sequence[Lease], lanes: list[str], items: list[Any]) -> Groups:
    by_lane: dict[str, list[Any]] = defaultdict(list)
    for item in items:
        by_lane[item.lane].append(item)
    return [(lease, by_lane[lane]) for lease, lane in zip(leases, lanes, strict=True)]


def _lease(model: Any, groups: Groups) -> None:
    """Count the attempt of every item before the work, each with its lane's fence."""
    changes = [
        UpdateMany({**_of(group), "open": True, "fence": {"$lte": lease.fence}},
                   {"$set": {"state": WorkItem.LEASED, "fence": lease.fence}, "$inc": {"attempts": 1}})
        for lease, group in groups if group
    ]  # fmt: skip
    _write_all(model, changes, groups)
    for lease, group in groups:
        for item in group:
            item.attempts, item.fence, item.state = 1, lease.fence, WorkItem.LEASED


def _apply(model: Any, groups: Groups, items: list[Any], handle: Any) -> None:
    if items:
        handle(items)
    done = done_fields()
    changes = [
        UpdateMany({**_of(group), "fence": lease.fence, "state": WorkItem.LEASED}, {"$set": done})
        for lease, group in groups
        if group
    ]
    _write_all(model, changes, groups)


def _give_back(model: Any, groups: Groups) -> None:
    """The attempt does not count: alone it is counted again."""
    undo = {"$set": {"state": WorkItem.READY}, "$inc": {"attempts": -1}}
    changes = [
        UpdateMany({**_of(group), "fence": lease.fence, "state": WorkItem.LEASED}, undo)
        for lease, group in groups
        if group
    ]
    if changes:
        collection(model).bulk_write(changes, ordered=False)


def _write_all(model: Any, changes: list[UpdateMany], groups: Groups) -> None:
    wanted = sum(len(group) for _, group in groups)
    if wanted and collection(model).bulk_write(changes).matched_count != wanted:
        raise StaleFence("some of the items have another holder")


def _of(group: list[Any]) -> dict[str, Any]:
    return {**owner(), "_id": {"$in": [ObjectId(item.pk) for item in group]}}
