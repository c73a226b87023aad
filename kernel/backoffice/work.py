"""Pages of durable work: what waits, what is parked or dead and why, and the way back."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from kernel.backoffice import columns
from kernel.backoffice.base import BackofficeAdmin
from kernel.backoffice.lists import choice_filter
from kernel.backoffice.recovery import discard_item, replay_item
from kernel.backoffice.steps import Step
from kernel.models import WorkItem

StateFilter = choice_filter("state", "state", WorkItem.STATES)
STUCK = (WorkItem.DEAD, WorkItem.PARKED)


def is_stuck(request: HttpRequest, item: Any) -> bool:
    return item.state in STUCK


def is_dead(request: HttpRequest, item: Any) -> bool:
    return bool(item.state == WorkItem.DEAD)


def replay_step(kind: str, question: str = "") -> Step:
    """Replay for items of ``kind``."""

    def run(request: HttpRequest, item: Any, reason: str) -> str:
        replay_item(kind=kind, item=item, reason=reason)
        return f"{item.pk} is ready again, in its place."

    asked = (
        question
        or "It is done again, in its place in its lane. What took effect before is recognised."
    )
    return Step(name="replay", label="Replay", question=asked, run=run, when=is_stuck, icon="replay",
                reason=True, bulk=True)  # fmt: skip


def _discard(request: HttpRequest, item: Any, reason: str) -> str:
    discard_item(item=item, reason=reason)
    return f"{item.pk} was given up."


DISCARD = Step(
    name="discard", label="Discard", run=_discard, when=is_dead, icon="delete", reason=True, danger=True,
    bulk=True, question="It will never be done. It stays in the list, with your reason.",
)  # fmt: skip

STATE = columns.state("state", "State")
WHY = columns.short("reason", "Reason", 60)
CREATED = columns.moment("created_at", "Created")


@columns.named("Last error")
def last_error(item: WorkItem) -> Any:
    return columns.block(item.last_error) if item.last_error else columns.NOTHING


class WorkAdmin(BackofficeAdmin):
    """A model of work. ``kind`` is the name it is registered under."""

    kind: ClassVar[str]

    list_filter = (StateFilter,)
    work_facts: ClassVar[tuple[Any, ...]] = (
        STATE, "reason", last_error, "attempts", "lane", columns.moment("due_at", "Due"), CREATED,
        columns.moment("finished_at", "Finished"),
    )  # fmt: skip


def kind_of(model: type[WorkItem]) -> str:
    """The name under which a model's work is registered: its page says it."""
    page: Any = admin.site._registry[model]
    return str(page.kind)
