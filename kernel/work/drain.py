"""Drain: a worker takes due lanes one after the other until none is due or its time is up."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from django.db import DatabaseError
from pymongo.errors import PyMongoError

from kernel.clock import now
from kernel.mongo.transactions import assert_no_session
from kernel.scoping.context import tenant_scope, unscoped
from kernel.scoping.reasons import Reason
from kernel.work import bell, lanes
from kernel.work.outcomes import StaleFence
from kernel.work.registry import Kind, Released, kind_named, kinds

log = structlog.get_logger(agentName="kernel")
TURN_S = 20.0
GATHER = 15


def drain_queue(queue: str, *, seconds: float = TURN_S) -> int:
    """Serve the due lanes of all kinds of a queue in rotation; returns how many items were served.

    Rotation, so that a flood at the beginning of a pipeline does not keep its
    end waiting. Rings on when the time runs out.
    """
    bell.answered(queue)
    own = [kind for kind in kinds() if kind.queue == queue]
    served, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        turns = [_turn(kind) for kind in own for _ in range(kind.turns)]
        if all(turn is None for turn in turns):
            return served
        served += sum(turn or 0 for turn in turns)
        bell.ring_on(queue)
    bell.ring_on(queue)
    return served


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
    leases = [lease, *lanes.claim_more(lease, GATHER)]
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
