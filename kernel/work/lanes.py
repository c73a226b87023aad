"""Lanes: claimed by compare-and-set, in the order in which they became due.

A lane that still has work when it is released goes to the back, which is what
makes turns fair between tenants: one with a backlog of 100,000 gets one turn
for each turn of the others. All times are the database's.

Claims and releases are confirmed by the primary alone. A failover may undo them,
so that a lane has two holders: their fences differ, and whatever a holder writes
is in a transaction that reads its lane (``demand_held``), follows a ``renew``,
or is a compare-and-set on the item (ADR 0017).
"""

import functools
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

import pymongo
import structlog
from pymongo import ReturnDocument, UpdateOne
from pymongo.errors import PyMongoError

from kernel.clock import LONG_AGO, NEVER, now
from kernel.models import Lane, LaneMark
from kernel.mongo.doors import collection, hasty, new_object_id
from kernel.mongo.transactions import first_time, gather, on_commit, own_session_id
from kernel.mongo.wake import wake
from kernel.scoping.context import current_scope
from kernel.work.holders import end_session_left_behind, this_process
from kernel.work.outcomes import StaleFence
from kernel.work.registry import Released

log = structlog.get_logger(agentName="kernel")
PROBE_S = 60
# A frozen primary answers nothing and its successor confirms slowly: better a late turn than a stuck worker.
PATIENCE_S = 5.0
Stage = dict[str, Any]
P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class Lease:
    """A lane in hand. ``fence`` is this holder's alone; ``rev`` what it knew when it claimed.

    ``deaths`` counts the holders before this one that never gave the lane back.
    """

    id: Any
    kind: str
    key: str
    tenant_id: str
    fence: int
    rev: int
    held: str
    lease_s: float
    one_shot: bool = False
    deaths: int = 0

    def renew(self) -> None:
        """Push the end of the lease out, on a majority; raises ``StaleFence`` if it is lost already."""
        end = _in(self.lease_s)
        change = [{"$set": {"due_at": end, "lease_until": end}}]
        if (
            not collection(Lane)
            .update_one({"_id": self.id, "fence": self.fence}, change)
            .matched_count
        ):
            raise StaleFence(f"lane {self.kind}:{self.key} was taken over")


def mark(
    kind: str, key: str, *, due_at: datetime | None = None, tenant_id: str | None = None
) -> None:
    """Make a lane due, durably with the caller's transaction; ring after the commit."""
    mark_many(kind, [(key, due_at or now())], tenant_id=tenant_id)


def mark_many(
    kind: str, keys: Iterable[tuple[str, datetime]], *, tenant_id: str | None = None
) -> None:
    """``mark`` for several lanes of one kind: pairs of key and due time."""
    scope = current_scope()
    owner = tenant_id if tenant_id is not None else scope if isinstance(scope, str) else ""
    marks = [
        {"_id": new_object_id(), "kind": kind, "key": key, "tenant_id": owner, "due_at": due,
         "created_at": now()}
        for key, due in dict(keys).items()
        if due > now() or first_time((kind, key))
    ]  # fmt: skip
    if marks:
        gather(marks, _write)


def nudge(kind: str, key: str, *, tenant_id: str) -> None:
    """Make a lane due after the commit, without a mark: for work that a probe of the sweeper finds by itself."""
    if first_time(("nudge", kind, key)):
        on_commit(lambda: _nudge(wake(kind, key, tenant_id, now()), kind))


def _nudge(waking: UpdateOne, kind: str) -> None:
    from kernel.work.bell import ring

    try:
        _wake(waking)
    except PyMongoError as error:
        log.warning("lane.unmarked", kind=kind, error=type(error).__name__)
    ring(kind)


def _write(marks: list[Stage]) -> None:
    collection(LaneMark).insert_many(marks)
    on_commit(lambda: _after_commit(marks))


def _after_commit(marks: list[Stage]) -> None:
    from kernel.work.bell import ring

    try:
        fold(marks)
    except PyMongoError as error:
        # The work is committed and so are its marks: the sweeper folds them, the caller succeeded.
        log.warning("mark.unfolded", count=len(marks), error=type(error).__name__)
    for kind in {mark["kind"] for mark in marks}:
        ring(kind)


def bounded(function: Callable[P, T]) -> Callable[P, T]:
    """Give up after ``PATIENCE_S``: what a lane lacks then, its lease's end or the sweeper makes good."""

    @functools.wraps(function)
    def within(*args: P.args, **kwargs: P.kwargs) -> T:
        with pymongo.timeout(PATIENCE_S):
            return function(*args, **kwargs)

    return within


@bounded
def _wake(waking: UpdateOne) -> None:
    hasty(Lane).bulk_write([waking])


@bounded
def fold(marks: list[Stage]) -> None:
    """Turn marks into due lanes. Idempotent: a mark folded twice wakes its lane twice.

    A failover that undoes it undoes the removal of the marks too, which comes after it.
    """
    lanes = hasty(Lane)
    lanes.bulk_write(
        [wake(m["kind"], m["key"], m["tenant_id"], m["due_at"]) for m in marks], ordered=False
    )
    hasty(LaneMark).delete_many({"_id": {"$in": [m["_id"] for m in marks]}})


@bounded
def claim(kind: str, lease_s: float, *, one_shot: bool = False) -> Lease | None:
    """The lane of ``kind`` that has been due the longest, leased to this process; None if none is due."""
    end, fence = _in(lease_s), _new_fence()
    before = hasty(Lane).find_one_and_update(
        {"kind": kind, "$expr": {"$lte": ["$due_at", "$$NOW"]}},
        [{"$set": {
            "due_at": end, "lease_until": end, "holder": this_process(),
            "session": {"$literal": own_session_id()},
            "fence": _over(fence), "served_at": "$$NOW",
            "tries": {"$add": [{"$ifNull": ["$tries", 0]}, 1]},
        }}],
        sort=[("due_at", 1)],
        hint="lane_due",
        return_document=ReturnDocument.BEFORE,
    )  # fmt: skip
    if before is None:
        return None
    end_session_left_behind(before)
    return Lease(
        before["_id"],
        kind,
        before["key"],
        before["tenant_id"],
        max(before["fence"] + 1, fence),
        before["rev"],
        before["held"],
        lease_s,
        one_shot,
        before.get("tries", 0),
    )


@bounded
def claim_more(first: Lease, most: int) -> list[Lease]:
    """Other due lanes of the same kind and tenant, leased to this process in three commands.

    Only lanes that were properly released: one whose holder may be dead is
    claimed by itself, because of what it may have left behind.
    """
    lanes, token = hasty(Lane), str(new_object_id())
    due = {
        "kind": first.kind,
        "tenant_id": first.tenant_id,
        "lease_until": LONG_AGO,
        "tries": {"$in": [0, None]},
        "$expr": {"$lte": ["$due_at", "$$NOW"]},
    }
    found = lanes.find(due, {"_id": 1}).sort("due_at", 1).hint("lane_tenant_due").limit(most)
    ids = [row["_id"] for row in found]
    if not ids:
        return []
    end = _in(first.lease_s)
    lanes.update_many({**due, "_id": {"$in": ids}}, [{"$set": {
        "due_at": end, "lease_until": end, "holder": this_process(), "claim": token,
        "session": {"$literal": own_session_id()}, "fence": _over(_new_fence()),
        "served_at": "$$NOW", "tries": 1,
    }}])  # fmt: skip
    mine = lanes.find({"_id": {"$in": ids}, "claim": token})
    return [replace(first, id=row["_id"], key=row["key"], fence=row["fence"], rev=row["rev"],
                    held=row["held"]) for row in mine]  # fmt: skip


def _new_fence() -> int:
    """Greater than older ones (milliseconds first) and no other holder's (the rest is chance)."""
    return (time.time_ns() // 1_000_000 << 20) | secrets.randbits(20)


def _over(fence: int) -> Stage:
    """``fence``, or one more than the last holder's whose clock was ahead."""
    return {"$max": [{"$add": ["$fence", 1]}, {"$toLong": fence}]}


def demand_held(leases: Sequence[Lease]) -> None:
    """Raise ``StaleFence`` unless each lane is still this holder's; the first read of a transaction."""
    found = collection(Lane).find({"_id": {"$in": [lease.id for lease in leases]}}, {"fence": 1})
    fences = {row["_id"]: row["fence"] for row in found}
    for lease in leases:
        if fences.get(lease.id) != lease.fence:
            raise StaleFence(f"lane {lease.kind}:{lease.key} was taken over")


def release(lease: Lease, released: Released) -> None:
    """Put the lane back, unless another holder has taken it; work that arrived meanwhile makes it due now."""
    # A lane of a single item goes with it, unless more arrived, which its rev tells.
    if lease.one_shot and not released.held and not released.due_at:
        whole = {"_id": lease.id, "fence": lease.fence, "rev": lease.rev}
        if hasty(Lane).delete_one(whole).deleted_count:
            return
    release_many([(lease, released)])


@bounded
def release_many(pairs: Sequence[tuple[Lease, Released]]) -> None:
    """``release`` for several lanes, in one command. If a failover undoes it, the leases end by themselves."""
    if pairs:
        hasty(Lane).bulk_write([_back(*pair) for pair in pairs], ordered=False)


def _back(lease: Lease, released: Released) -> UpdateOne:
    if released.held:
        due: Any = _in(PROBE_S)
    else:
        due = {"$max": [released.due_at, "$$NOW"]} if released.due_at else NEVER
    # More work for a lane that stays held makes no difference; that its cause went meanwhile does.
    stays = released.held and released.held == lease.held
    changed = {"$ne": ["$held", lease.held] if stays else ["$rev", lease.rev]}
    fields = {
        "lease_until": LONG_AGO,
        "tries": 0,
        "held": released.held,
        "due_at": {"$cond": [changed, {"$min": [due, "$$NOW"]}, due]},
    }
    return UpdateOne({"_id": lease.id, "fence": lease.fence}, [{"$set": fields}])


def release_held(reason: str, *, tenant_id: str) -> int:
    """The cause is gone: lanes held for it are due now, their parked items first. Returns how many."""
    from kernel.work.bell import ring

    held = {"tenant_id": tenant_id, "held": reason}
    affected = collection(Lane).distinct("kind", held)
    leased = {"$gt": ["$lease_until", "$$NOW"]}
    due = {"$cond": [leased, "$due_at", "$$NOW"]}
    change = [{"$set": {"held": "", "due_at": due, "rev": {"$add": ["$rev", 1]}}}]
    count: int = collection(Lane).update_many(held, change).modified_count
    for kind in affected:
        ring(kind)
    return count


def is_due(kind: str) -> bool:
    """Whether a lane of ``kind`` is due now."""
    due = {"kind": kind, "$expr": {"$lte": ["$due_at", "$$NOW"]}}
    return hasty(Lane).find_one(due, {"_id": 1}, hint="lane_due") is not None


def _in(seconds: float) -> Stage:
    return {"$add": ["$$NOW", int(seconds * 1000)]}
