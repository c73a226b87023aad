"""Reading the feed: events by number, gapless."""

from typing import Any

from kernel.clock import iso
from kernel.models import DomainEvent, FeedState


def read_feed(*, after: int, limit: int = 100) -> list[DomainEvent]:
    """The active tenant's events with a number above ``after``, in order."""
    return list(DomainEvent.objects.filter(number__gt=after).order_by("number")[:limit])


def last_number() -> int:
    """The number of the newest event; 0 when there is none."""
    state = FeedState.objects.first()
    return state.last_number if state else 0


def event_json(event: DomainEvent) -> dict[str, Any]:
    """An event as the API, the stream and customers' webhooks show it."""
    return {
        "number": event.number,
        "id": event.pk,
        "type": event.type,
        "data": event.data,
        "actor": event.actor,
        "occurred_at": iso(event.occurred_at),
    }
