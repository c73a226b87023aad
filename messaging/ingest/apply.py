"""Applying a batch. The caller's transaction makes it all or nothing; natural keys make it once."""

from collections.abc import Sequence
from dataclasses import dataclass

from channels.models import Channel
from channels.providers.events import Event, InboundMessage, Reaction, StatusUpdate
from crm.services.resolve import resolve_contacts
from messaging.ingest.messages import store_messages
from messaging.ingest.updates import store_reactions, store_statuses


@dataclass(frozen=True)
class Inbound:
    """An internal event and the channel it came through, in the order of arrival."""

    channel: Channel
    event: Event


def apply_batch(batch: Sequence[Inbound]) -> None:
    """Apply events in order. Repeating a batch, or any part of it, changes nothing."""
    messages = [(i.channel, i.event) for i in batch if isinstance(i.event, InboundMessage)]
    statuses = [(i.channel, i.event) for i in batch if isinstance(i.event, StatusUpdate)]
    reactions = [(i.channel, i.event) for i in batch if isinstance(i.event, Reaction)]
    people = [event.sender for _, event in messages] + [event.sender for _, event in reactions]
    contacts = resolve_contacts(people)
    store_messages(messages, contacts)
    store_statuses(statuses)
    store_reactions(reactions, contacts)
