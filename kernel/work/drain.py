"""Drain: a worker takes due lanes one after the other until none is due or its time is up."""

import time
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
from kernel.work.registry import Kind, Released, kind_named

log = structlog.get_logger(agentName="kernel")
TURN_S = 20.0


def drain(kind_name: str, *, seconds: float = TURN_S) -> int:
    """Serve due lanes of a kind; returns how many items were served. Rings on when time runs out."""
    kind = kind_named(kind_name)
    bell.answered(kind_name)
    served, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        lease = lanes.claim(kind.name, kind.lease_s, one_shot=kind.one_shot)
        if lease is None:
            return served
        if served == 0 and lanes.is_due(kind.name):
            bell.ring(kind.name)  # another worker may take the next lane meanwhile
        served += serve(kind, lease)
    bell.ring(kind.name)
    return served


def serve(kind: Kind, lease: lanes.Lease) -> int:
    """One turn of one lane; the lane is put back whatever happens."""
    released = Released(due_at=None)
    try:
        with tenant_scope(lease.tenant_id) if lease.tenant_id else unscoped(Reason.SWEEP_WORK):
            released = kind.serve(lease)
    except StaleFence:
        log.warning("lane.lost", kind=kind.name, lane=lease.key, fence=lease.fence)
        return 0
    except (PyMongoError, DatabaseError):
        # The database failed, not the work: the lane comes back in a moment, or when its lease ends.
        log.warning("lane.interrupted", kind=kind.name, lane=lease.key, exc_info=True)
        released = Released(due_at=now() + timedelta(seconds=1))
    except Exception:
        log.exception("lane.failed", kind=kind.name, lane=lease.key)
        raise
    finally:
        assert_no_session()
    lanes.release(lease, released)
    return released.served
