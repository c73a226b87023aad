"""What a tenant does not want to keep goes each day, in turns, along indexes.

A plan lane that belongs to no tenant makes one run for each tenant and day; the runs are the
tenants' own work, so one with much to remove delays nobody else's.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings

from archives.models import RetentionRun
from archives.selectors import retention_days
from archives.services import retention_rows as rows
from kernel import audit, work
from kernel.clock import now
from kernel.models import Lane
from kernel.mongo.doors import ObjectId, UniqueViolation, collection, owner
from kernel.mongo.transactions import run_transaction
from kernel.scoping import tenant_scope
from kernel.work import Done, Kind, Later, Lease, Released, register
from kernel.work.outcomes import Outcome
from kernel.work.serving import serve_one
from kernel.work.sweep import register_probe
from tenants.models import Tenant
from tenants.models.settings import RETAINED
from webhooks.services.leftovers import forget_leftovers

log = structlog.get_logger(agentName="archive")
PLAN, KIND, LANE = "retention_plan", "retention", "all"
TURN_S, PLAN_S, LOOK_S = 6.0, 15.0, 3_600.0
_looked_at = -LOOK_S
Step = Callable[[dict[str, Any], int], tuple[dict[str, int], bool]]


def register_kinds() -> None:
    register(Kind(name=PLAN, queue="default", serve=plan, lease_s=60.0))
    register(Kind(name=KIND, queue="default", serve=serve, lease_s=60.0))
    register_probe(_wake)


def _wake() -> None:
    """The plan's lane keeps itself going; here it is made when there is none yet."""
    global _looked_at
    if time.monotonic() - _looked_at >= LOOK_S:
        _looked_at = time.monotonic()
        if not Lane.objects.filter(kind=PLAN, key=LANE).exists():
            work.mark(PLAN, LANE, tenant_id="")


def plan(lease: Lease) -> Released:
    """Make today's runs; whoever has one already, or keeps everything, is passed over."""
    until, last, planned = time.monotonic() + PLAN_S, "", 0
    while time.monotonic() < until:
        tenants = list(Tenant.objects.filter(pk__gt=last or "0" * 24).order_by("pk")[:200])
        for tenant in tenants:
            with tenant_scope(tenant):
                planned += begin_run()
        if len(tenants) < 200:
            due_at = now() + timedelta(days=1) if _leftovers_are_gone(until) else now()
            return Released(due_at=due_at, served=planned)
        last = tenants[-1].pk
    return Released(due_at=now(), served=planned)


def _leftovers_are_gone(until: float) -> bool:
    """Delete what no tenant's run will meet; False when there was no time for all of it."""
    if not settings.LEFTOVER_DAYS:
        return True
    before, after, gone = now() - timedelta(days=settings.LEFTOVER_DAYS), "", 0
    while True:
        removed, after = forget_leftovers(before, after=after)
        gone += removed
        if not after or time.monotonic() >= until:
            break
    if gone:
        log.info("leftovers.removed", count=gone)
    return not after


def begin_run() -> bool:
    """Enqueue the active tenant's run of today, unless it keeps everything or has one."""
    days, day = retention_days(), now().date().isoformat()
    if not days or RetentionRun.objects.filter(day=day).exists():
        return False
    try:
        run_transaction(
            lambda: work.enqueue(KIND, RetentionRun(lane="retention", day=day, days=days))
        )
    except UniqueViolation:
        return False
    return True


def serve(lease: Lease) -> Released:
    return serve_one(RetentionRun, lease, go_on)


STEPS: dict[str, Step] = {
    "messages": rows.messages,
    "media": rows.media,
    "events": rows.events,
    "raw_deliveries": rows.raw_deliveries,
    "audit": rows.audit_log,
}


def go_on(run: RetentionRun) -> Outcome:
    """Remove for the length of a turn, one kind after the other."""
    until = time.monotonic() + TURN_S
    state = dict(run.progress) or {"kind": "", "after": None}
    removed = dict(run.removed)
    wanted = [kind for kind in STEPS if kind in run.days and kind in RETAINED]
    while True:
        kind = state["kind"] or (wanted[0] if wanted else "")
        if not kind:
            return Done(note="nothing to do")
        counted, more = STEPS[kind](state, run.days[kind])
        for name, number in counted.items():
            removed[name] = removed.get(name, 0) + number
        following = wanted[wanted.index(kind) + 1 :]
        if not (more or following):
            return Done(note="removed", apply=lambda: _end(run, removed))
        state |= {"kind": kind} if more else {"kind": following[0], "after": None}
        if time.monotonic() >= until:
            break
    run.attempts = 1  # it moved, so whatever killed it before is behind it
    return Later(seconds=0, error="", burn=False,
                 apply=lambda: _set(run, {"progress": state, "removed": removed}))  # fmt: skip


def _end(run: RetentionRun, removed: dict[str, int]) -> None:
    _set(run, {"progress": {}, "removed": removed})
    if any(removed.values()):
        changes = {name: [number, 0] for name, number in sorted(removed.items())}
        audit.record("retention.ran", ("retention_run", run.pk), changes)


def _set(run: RetentionRun, fields: dict[str, Any]) -> None:
    collection(RetentionRun).update_one({**owner(), "_id": ObjectId(run.pk)}, {"$set": fields})
