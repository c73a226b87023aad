"""Who sees which event: one of a conversation is seen by those who see the conversation now.

Events without a conversation are everybody's who reads events, but a key that keeps to some channels
gets only what names one of those.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from conversations.selectors import Standing, standings_of
from conversations.visibility import sees, sees_everything
from kernel.events.feed import event_json
from kernel.models import DomainEvent
from kernel.mongo.doors import ObjectId, collection, owner
from messaging.models import Message
from tenants.access import Principal

Json = dict[str, Any]


@dataclass(frozen=True)
class Placed:
    """An event as it is shown, and what decides who is shown it.

    ``standing`` is where its conversation stood when the event was read, so never before what the
    event tells of; None when the conversation is gone.
    """

    event: Json
    is_of_conversation: bool
    standing: Standing | None = None

    @property
    def number(self) -> int:
        return int(self.event["number"])


def placed(events: Sequence[DomainEvent]) -> list[Placed]:
    """The active tenant's events with where their conversations stand: two reads at most."""
    talks = _conversations_of(events)
    standings = standings_of({talk for talk in talks.values() if talk})
    return [
        Placed(event_json(event), event.pk in talks, standings.get(talks.get(event.pk, "")))
        for event in events
    ]


def seen_by(principal: Principal, events: Iterable[Placed]) -> list[Json]:
    """The events that ``principal`` is shown, in their order."""
    if sees_everything(principal):
        return [item.event for item in events]
    return [shown for item in events if (shown := _shown_to(principal, item)) is not None]


def _shown_to(principal: Principal, item: Placed) -> Json | None:
    if item.is_of_conversation:
        standing = item.standing
        return item.event if standing is not None and sees(principal, standing) else None
    return _kept_to_channels(item.event, principal.channel_ids)


def _kept_to_channels(event: Json, channel_ids: tuple[str, ...]) -> Json | None:
    """The event if it names one of the channels; of several that it names, only those."""
    data = event["data"]
    if not channel_ids or data.get("channel_id") in channel_ids:
        return event
    mine = [id_ for id_ in data.get("channel_ids", ()) if id_ in channel_ids]
    return {**event, "data": {**data, "channel_ids": mine}} if mine else None


def _conversations_of(events: Sequence[DomainEvent]) -> dict[str, str]:
    """Event id → its conversation's id, for those that have one; empty when its message is gone.

    A file's event names only the message.
    """
    named = {e.pk: e.data["conversation_id"] for e in events if "conversation_id" in e.data}
    by_message = {
        e.pk: e.data["message_id"] for e in events if e.pk not in named and e.data.get("message_id")
    }
    if not by_message:
        return named
    wanted = [ObjectId(id_) for id_ in set(by_message.values())]
    rows = collection(Message).find(
        {**owner(), "_id": {"$in": wanted}}, {"conversation_id": 1}, batch_size=len(wanted) + 1
    )
    talks = {str(row["_id"]): str(row["conversation_id"]) for row in rows}
    return named | {pk: talks.get(message_id, "") for pk, message_id in by_message.items()}
