"""The tenant's work at a glance: what waits, since when, what is parked or dead. Only in figures."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.operations import operation
from config.api.rendering import moment
from config.api.serializers import Shown, all_of
from config.api.views import ApiView
from kernel.backoffice.overview import MOST, Model, Tally, tallies, work_models
from kernel.clock import now
from kernel.models import WorkItem
from tenants.permissions import Permission as P

ABOUT = (
    f"By collection: `webhook_events` is what comes in, `deliveries` what goes out. Each figure is counted up "
    f"to {MOST:,}. Parked work waits for a cause to go away, such as a channel that must be connected again; "
    "dead work was given up, and the installation's staff see why and can bring it back."
)
EXAMPLE = {"results": [
    {"collection": "deliveries", "waiting": 12, "due_since": "2026-03-05T09:30:00.000Z", "parked": 3, "dead": 0,
     "is_at_least": False},
]}  # fmt: skip


class WorkShown(Shown):
    collection = serializers.CharField(help_text="Where this kind of work is kept.")
    waiting = serializers.IntegerField(help_text="Ready, due now or to be tried later.")
    due_since = serializers.DateTimeField(
        allow_null=True, help_text="Since when the oldest of it has been due; null when nothing is."
    )
    parked = serializers.IntegerField()
    dead = serializers.IntegerField()
    is_at_least = serializers.BooleanField(
        help_text="There may be more: it was not counted further."
    )


class Work(ApiView):
    @operation("work_list", "Read how much work waits or is stuck", needs=(P.TENANT_MANAGE,),
               gives=all_of(WorkShown), example=EXAMPLE, about=ABOUT)  # fmt: skip
    def get(self, request: Request) -> Response:
        counts = tallies()
        return Response({"results": [_shown(model, counts) for model in _by_name()]})


def _by_name() -> list[Model]:
    return sorted(work_models(), key=lambda model: model._meta.db_table)


def _shown(model: Model, counts: dict[tuple[Model, str], Tally]) -> dict[str, Any]:
    states = (WorkItem.READY, WorkItem.PARKED, WorkItem.DEAD)
    ready, parked, dead = (counts.get((model, state), Tally()) for state in states)
    is_due = ready.due_at is not None and ready.due_at <= now()
    return {
        "collection": model._meta.db_table,
        "waiting": min(ready.count, MOST),
        "due_since": moment(ready.due_at) if is_due else None,
        "parked": min(parked.count, MOST),
        "dead": min(dead.count, MOST),
        "is_at_least": any(tally.count > MOST for tally in (ready, parked, dead)),
    }
