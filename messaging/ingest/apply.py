"""Applying a batch. The caller's transaction makes it all or nothing; natural keys make it once."""

from collections.abc import Sequence
from dataclasses import dataclass

from channels.models import Channel
from channels.providers.events import (
    AccountNotice,
    CallNoted,
    Echo,
    Event,
    MessageEdited,
    MessageRevoked,
    Person,
    Reaction,
    ReadUpTo,
    StatusUpdate,
    TemplateChanged,
    Written,
)
from channels.services.notices import note_account
from channels.services.template_changes import change_template
from crm.models import Contact
from crm.services.resolve import Key, resolve_contacts
from messaging.ingest.announced import announce_strangers, note_announced
from messaging.ingest.echoes import without_own
from messaging.ingest.entries import Entry, contact_of, entry_of, person_of
from messaging.ingest.messages import store_messages
from messaging.ingest.people import (
    change_identities,
    note_holders,
    note_preferences,
    spoken_of,
)
from messaging.ingest.updates import store_changes, store_statuses

CHANGES = (Reaction, MessageEdited, MessageRevoked, ReadUpTo, CallNoted)
Arrival = tuple[Channel, Event]


@dataclass(frozen=True)
class Inbound:
    """An internal event and the channel it came through, in the order of arrival.

    ``is_accounts``: it was addressed to an account that may hold several channels.
    """

    channel: Channel
    event: Event
    is_accounts: bool = False


def apply_batch(batch: Sequence[Inbound]) -> None:
    """Apply events in order. Repeating a batch, or any part of it, changes nothing."""
    arrivals: list[Arrival] = [(one.channel, one.event) for one in batch]
    notices = change_identities(arrivals)
    contacts = _contacts([event for _, event in arrivals])
    store_messages(without_own(_entries(arrivals, contacts, notices)))
    store_statuses([(c, e) for c, e in arrivals if isinstance(e, StatusUpdate)])
    store_changes([(c, e) for c, e in arrivals if isinstance(e, CHANGES)], contacts)
    note_preferences(arrivals, contacts)
    note_holders(arrivals, contacts)
    note_announced(arrivals)
    announce_strangers(arrivals, contacts)
    for one in batch:
        if isinstance(one.event, TemplateChanged):
            change_template(one.channel, one.event)
        elif isinstance(one.event, AccountNotice):
            note_account(one.channel, one.event, is_accounts=one.is_accounts)


def _contacts(events: Sequence[Event]) -> dict[Key, Contact]:
    """The contacts of all whom the events name; who is only written to or spoken of was not seen."""
    did: list[Person] = []
    others = spoken_of(events)
    for event in events:
        person = event.sender if isinstance(event, Reaction) else person_of(event)
        if person is not None:
            passive = isinstance(event, Echo) or (isinstance(event, Written) and event.is_history)
            (others if passive else did).append(person)
    contacts = resolve_contacts(did)
    return contacts | resolve_contacts(others, were_seen=False) if others else contacts


def _entries(
    arrivals: Sequence[Arrival], contacts: dict[Key, Contact], notices: dict[int, Entry]
) -> list[Entry]:
    """What the conversations show of the events, in their order."""
    found: list[Entry] = []
    for position, (channel, event) in enumerate(arrivals):
        if position in notices:
            found.append(notices[position])
        elif person := person_of(event):
            found.append(entry_of(channel, event, contact_of(person, contacts)))
    return found
