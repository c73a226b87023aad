"""Emitting a fact: a row in the caller's transaction, a wake-up for the relay."""

from dataclasses import dataclass
from typing import Any, ClassVar

from kernel.actor import current_actor
from kernel.clock import now
from kernel.models import DomainEvent
from kernel.mongo.doors import collection, new_object_id, owner
from kernel.scoping.context import active_tenant_id
from kernel.work.lanes import nudge


@dataclass(frozen=True, kw_only=True)
class Event:
    """The base of facts: a frozen dataclass in the past tense, of JSON values, with its ``type``."""

    type: ClassVar[str]


def emit(*events: Event) -> None:
    """Record facts in the current transaction; subscribers, the stream and the feed see them after it."""
    if not events:
        return
    actor = {"kind": current_actor().kind, "id": current_actor().id}
    collection(DomainEvent).insert_many([_row(event, actor) for event in events])
    nudge("relay", active_tenant_id(), tenant_id=active_tenant_id())


def _row(event: Event, actor: dict[str, str]) -> dict[str, Any]:
    return {
        "_id": new_object_id(),
        **owner(),
        "number": 0,
        "type": event.type,
        "data": dict(vars(event)),  # facts hold plain values: no need to copy deeply
        "actor": actor,
        "occurred_at": now(),
    }
