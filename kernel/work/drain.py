"""Drain: a worker takes due lanes one after the other until none is due or its time is up."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, timedelta
from functools import cache

import structlog
from django.db import DatabaseError
from pymongo.errors import PyMongoError

from kernel.clock import now
from kernel.models import Lane
from kernel.mongo.doors import hasty
from kernel.mongo.transactions import assert_no_session
from kernel.scoping.context import tenant_scope, unscoped
from kernel.scoping.reasons import Reason
from kernel.work import bell, lanes
from kernel.work.outcomes import StaleFence
from kernel.work.registry import Kind, Released, kind_named, kinds

log = structlog.get_logger(agentName="kernel")
TURN_S = 20.0
GATHER = 15
MUCH = 64  # less than this two hands would only stand in each other's way
IDLE_S = 0.01
_lingering = threading.Lock()


def drain_queue(
    queue: str, *, seconds: float = TURN_S, hands: int = 1, linger_s: float = 0.0
) -> int:
    """Serve the due lanes of all kinds of a queue in rotation; returns how many items were served.

    Rotation, so that a flood at the beginning of a pipeline does not keep its
    end waiting. Rings for help when there is much, and on when the time runs out.
    With two ``hands`` a second thread serves while the first waits for the
    database; it is not taken for little work. ``linger_s``: what is due so soon
    is waited for, by one thread of the process.
    """
    bell.answered(queue)
    served, until = 0, time.monotonic() + seconds
    second: Future[int] | None = None
    while time.monotonic() < until:
        rotation = _rotation(queue)
        if rotation is None:
            if second is not None and not second.done():
                time.sleep(IDLE_S)  # what the other hand does may make work for this one
                continue
            if not _lingered(queue, linger_s):
                return served + (second.result() if second else 0)
            continue
        served += rotation
        if rotation >= MUCH:
            bell.ring_on(queue)
            if hands > 1 and (second is None or second.done()):
                served += second.result() if second else 0
                second = _second_hand().submit(_serve_until_idle, queue, until)
    bell.ring_on(queue)
    return served + (second.result() if second else 0)


def _lingered(queue: str, most_s: float) -> bool:
    """Sleep until a lane is due, if that is soon and nobody else waits for it."""
    if not most_s or not _lingering.acquire(blocking=False):
        return False
    try:
        wait_s = _due_within([kind.name for kind in kinds() if kind.queue == queue], most_s)
        if wait_s is None:
            return False
        time.sleep(wait_s)
        return True
    finally:
        _lingering.release()


def _due_within(kinds: Sequence[str], seconds: float) -> float | None:
    """How long until a lane of these kinds is due, 0 if one is; None when it is longer than ``seconds``."""
    at = now()
    soon = {"kind": {"$in": list(kinds)}, "due_at": {"$lte": at + timedelta(seconds=seconds)}}
    found = hasty(Lane).find_one(soon, {"due_at": 1}, sort=[("due_at", 1)], hint="lane_due")
    if found is None:
        return None
    return max(0.0, (found["due_at"].replace(tzinfo=UTC) - at).total_seconds())


def _rotation(queue: str) -> int | None:
    """One turn of each kind of the queue; None when nothing was due."""
    with bell.draining(queue):
        turns = [_turns(kind) for kind in kinds() if kind.queue == queue]
    return None if all(turn is None for turn in turns) else sum(turn or 0 for turn in turns)


def _turns(kind: Kind) -> int | None:
    """The kind's turns of one rotation, as long as something is due."""
    served = None
    for _ in range(kind.turns):
        turn = _turn(kind)
        if turn is None:
            break
        served = (served or 0) + turn
    return served


def _serve_until_idle(queue: str, until: float) -> int:
    served = 0
    while time.monotonic() < until and (rotation := _rotation(queue)) is not None:
        served += rotation
    return served


@cache
def _second_hand() -> ThreadPoolExecutor:
    """One thread for the life of the process, because it keeps its connection to the database."""
    return ThreadPoolExecutor(1, thread_name_prefix="second-hand")


os.register_at_fork(after_in_child=_second_hand.cache_clear)


def drain(kind_name: str, *, seconds: float = TURN_S) -> int:
    """Serve the due lanes of one kind, as ``drain_queue`` does for a queue."""
    kind, served, until = kind_named(kind_name), 0, time.monotonic() + seconds
    while time.monotonic() < until:
        turn = _turn(kind)
        if turn is None:
            break
        served += turn
    return served


def _turn(kind: Kind) -> int | None:
    """The lane of a kind that has been due the longest, and others of its tenant; None when none is due."""
    lease = lanes.claim(kind.name, kind.lease_s, one_shot=kind.one_shot)
    if lease is None:
        return None
    if kind.together is None:
        return serve(kind, lease)
    # What killed a holder may kill this one too: it takes no other lanes along.
    leases = [lease] if lease.deaths else [lease, *lanes.claim_more(lease, GATHER)]
    return _served(kind, leases, lambda: kind.together(leases))  # type: ignore[misc]


def serve(kind: Kind, lease: lanes.Lease) -> int:
    """One turn of one lane; the lane is put back whatever happens."""
    return _served(kind, [lease], lambda: [kind.serve(lease)])


def _served(
    kind: Kind, leases: list[lanes.Lease], work: Callable[[], Sequence[Released | None]]
) -> int:
    """Work in the tenant's scope, then put the lanes back; those that were lost stay with their new holder."""
    tenant = leases[0].tenant_id
    try:
        with tenant_scope(tenant) if tenant else unscoped(Reason.SWEEP_WORK):
            released = work()
    except StaleFence:
        log.warning("lane.lost", kind=kind.name, lane=leases[0].key, fence=leases[0].fence)
        return 0
    except (PyMongoError, DatabaseError):
        # The database failed, not the work: the lane comes back in a moment, or when its lease ends.
        log.warning("lane.interrupted", kind=kind.name, lane=leases[0].key, exc_info=True)
        released = [Released(due_at=now() + timedelta(seconds=1))] * len(leases)
    except Exception:
        # A bug outside any item: the lane comes back when its lease ends; the others go on.
        log.exception("lane.failed", kind=kind.name, lane=leases[0].key)
        return 0
    finally:
        assert_no_session()
    pairs = [(lease, r) for lease, r in zip(leases, released, strict=True) if r is not None]
    if len(pairs) == 1:
        lanes.release(*pairs[0])
    else:
        lanes.release_many(pairs)
    return sum(r.served for _, r in pairs)
