"""The sweeper: rings for what is due, folds marks that a crash left behind, counts the living.

Each worker's own timer asks for it every two seconds, and beat does; more of
them, or none, change latency only.
"""

from collections.abc import Callable
from datetime import timedelta

import structlog

from kernel.clock import now
from kernel.models import Canary, LaneMark
from kernel.mongo.doors import collection
from kernel.scoping.context import unscoped
from kernel.scoping.reasons import Reason
from kernel.work import bell, lanes
from kernel.work.holders import free_the_dead
from kernel.work.registry import kinds

log = structlog.get_logger(agentName="kernel")
LEFT_BEHIND_S = 2


_probes: list[Callable[[], None]] = []


def register_probe(probe: Callable[[], None]) -> None:
    """A look for work that is announced by other means than marks; it marks what it finds."""
    _probes.append(probe)


def sweep() -> list[str]:
    """Fold what was left behind and ring each kind that has a due lane; returns those kinds."""
    with unscoped(Reason.SWEEP_WORK):
        _fold_left_behind()
        if freed := free_the_dead():
            log.warning("lanes.freed", count=freed)
        for probe in _probes:
            probe()
        due = [kind.name for kind in kinds() if lanes.is_due(kind.name)]
    for kind in due:
        bell.ring(kind)
    return due


def _fold_left_behind() -> None:
    old = {"created_at": {"$lt": now() - timedelta(seconds=LEFT_BEHIND_S)}}
    while marks := list(collection(LaneMark).find(old, limit=1000)):
        lanes.fold(marks)
        log.warning("mark.left_behind", count=len(marks))


def beat_canary(queue: str) -> None:
    """A message came through ``queue``: note when."""
    change = {"$set": {"seen_at": now()}}
    collection(Canary).update_one({"queue": queue}, change, upsert=True)


def canary_ages() -> dict[str, float]:
    """Seconds since each queue last carried its canary."""
    at = now()
    return {c.queue: (at - c.seen_at).total_seconds() for c in Canary.objects.all()}
