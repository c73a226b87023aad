"""What is said of people rather than in a conversation: who they are, what they want, who answers them."""

from collections.abc import Iterable, Sequence

from channels.models import Channel
from channels.providers.events import (
    ContactNoted,
    Event,
    IdentityChanged,
    Person,
    PreferenceChanged,
    ThreadControl,
)
from channels.selectors import is_own_app
from conversations.services.holders import ANOTHER, note_holder
from conversations.services.moving import move_conversations
from conversations.services.threads import quiet_conversations_for
from crm.models import Contact
from crm.services.identities import change_identity
from crm.services.preferences import note_preference
from crm.services.resolve import Key
from messaging.ingest.entries import QUIET, SYSTEM, Entry, contact_of, made_id

Arrival = tuple[Channel, Event]


def spoken_of(events: Iterable[Event]) -> list[Person]:
    """Those whom an event names without their having done anything here."""
    found = []
    for event in events:
        match event:
            case ContactNoted(is_removed=False) | PreferenceChanged():
                found.append(event.person)
            case ThreadControl(person=Person() as person):
                found.append(person)
    return found


def change_identities(arrivals: Sequence[Arrival]) -> dict[int, Entry]:
    """Apply changes of numbers and ids, first of all; by their position, the notices to show of them."""
    notices: dict[int, Entry] = {}
    for position, (channel, event) in enumerate(arrivals):
        if not isinstance(event, IdentityChanged):
            continue
        change = change_identity(
            previous=event.previous, current=event.current, at=event.provider_at
        )
        if change is None:
            continue
        for gone in change.merged:
            move_conversations(gone, change.contact)
        notices[position] = _notice(channel, event, change.contact)
    return notices


def _notice(channel: Channel, event: IdentityChanged, contact: Contact) -> Entry:
    ids = {
        "previous": [[i.kind, i.value] for i in event.previous.identities],
        "current": [[i.kind, i.value] for i in event.current.identities],
    }
    return Entry(
        channel=channel, contact=contact, type="system", sender_kind=SYSTEM, effect=QUIET,
        external_id=made_id("identity", contact.pk, event.provider_at, ids), text=event.text,
        content={"kind": "identity_changed"}, provider_at=event.provider_at,
    )  # fmt: skip


def note_preferences(arrivals: Sequence[Arrival], contacts: dict[Key, Contact]) -> None:
    """Keep what people want to be sent."""
    for channel, event in arrivals:
        if isinstance(event, PreferenceChanged):
            note_preference(
                contact_of(event.person, contacts), category=event.category,
                is_wanted=event.is_wanted, at=event.provider_at, source=channel.kind,
            )  # fmt: skip


def note_holders(arrivals: Sequence[Arrival], contacts: dict[Key, Contact]) -> None:
    """Keep which app answers a thread; a thread that we have nothing of has nothing to note it on."""
    told = [(channel, event, contact_of(event.person, contacts)) for channel, event in arrivals
            if isinstance(event, ThreadControl) and event.person
            and event.action in ("pass", "take")]  # fmt: skip
    if not told:
        return
    threads = quiet_conversations_for(((channel, who) for channel, _, who in told), make=False)
    for channel, event, who in told:
        if thread := threads.get((channel.pk, who.pk)):
            note_holder(thread, held_by=_holder(channel, event), at=event.provider_at,
                        action=event.action)  # fmt: skip


def _holder(channel: Channel, event: ThreadControl) -> str:
    """Our app is shown as none. Who takes a thread need not be named: whoever had it has lost it."""
    if event.new_app:
        return "" if is_own_app(channel, event.new_app) else event.new_app
    lost = not event.previous_app or is_own_app(channel, event.previous_app)
    return ANOTHER if lost else ""
