"""What becomes a message: every event that a conversation shows, in one form."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from channels.models import Channel
from channels.providers.events import (
    CallNoted,
    Commented,
    Echo,
    Event,
    InboundMessage,
    MediaRef,
    Person,
    PressedButton,
    ProviderError,
    Referred,
    Written,
)
from crm.models import Contact
from crm.services.resolve import Key, key_of
from kernel.clock import iso
from messaging.models import Message

CUSTOMER, ELSEWHERE, SYSTEM = "contact", "elsewhere", "system"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What an entry does to its conversation, beside being its last one.

    ``unread``: the team has to see it; ``waits``: somebody waits for an answer; ``opens_window``:
    anything may be sent now; ``answers``: nobody waits any longer. ``quiet``: nothing of all that,
    it neither wakes a conversation nor stands in its summary.
    """

    unread: bool = False
    waits: bool = False
    opens_window: bool = False
    answers: bool = False
    quiet: bool = False


WRITES = Effect(unread=True, waits=True, opens_window=True)
STANDS_BY = Effect(unread=True, opens_window=True)  # another app answers
COMMENTS = Effect(unread=True, waits=True)
CALLS = Effect(unread=True, opens_window=True)
PASSES = Effect()
ANSWERS = Effect(answers=True)
QUIET = Effect(quiet=True)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A message in the making. ``is_standby`` is None where the event says nothing of the thread's holder."""

    channel: Channel
    contact: Contact
    external_id: str
    type: str
    effect: Effect
    direction: str = Message.INBOUND
    sender_kind: str = CUSTOMER
    text: str = ""
    content: dict[str, Any] = field(default_factory=dict)
    media: tuple[MediaRef, ...] = ()
    reply_to_external_id: str = ""
    forwarded: bool = False
    referral: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    provider_at: datetime | None = None
    is_history: bool = False
    is_standby: bool | None = None
    app_id: str = ""

    @property
    def name(self) -> tuple[str, str]:
        """By which it is recognised: channel id and external id."""
        return self.channel.pk, self.external_id


def person_of(event: Event) -> Person | None:
    """The customer of an event that a conversation shows; None for any other."""
    match event:
        case InboundMessage() | PressedButton() | Referred():
            return event.sender
        case Echo():
            return event.recipient
        case Commented():
            return event.author
        case CallNoted():
            return event.person
    return None


def contact_of(person: Person, contacts: dict[Key, Contact]) -> Contact:
    """The contact found for a person; raises ``ValueError`` for one who is not named at all."""
    if not person.identities:
        raise ValueError("the event does not say who it is about")
    return contacts[key_of(person.identities[0])]


def entry_of(channel: Channel, event: Event, contact: Contact) -> Entry:
    """The message that an event becomes."""
    plain = Entry(channel=channel, contact=contact, type="", effect=WRITES,
                  external_id=getattr(event, "external_id", ""), provider_at=event.provider_at)  # fmt: skip
    match event:
        case InboundMessage():
            return _inbound(plain, event)
        case Echo():
            return _echo(plain, event)
        case PressedButton():
            return _pressed(plain, event)
        case Referred():
            made = made_id("referral", contact.pk, event.provider_at, event.referral)
            return replace(plain, type="referral", external_id=made, referral=event.referral or None,
                           effect=PASSES)  # fmt: skip
        case Commented():
            return _comment(plain, event)
        case CallNoted():
            return _call(plain, event)
    raise TypeError(f"{type(event).__name__} is nothing that a conversation shows")


def _inbound(plain: Entry, event: InboundMessage) -> Entry:
    effect = (
        QUIET if event.is_history
        else PASSES if event.type == "system"  # of the customer, but not said by them
        else STANDS_BY if event.is_standby
        else WRITES
    )  # fmt: skip
    standby = None if event.is_history else event.is_standby
    return replace(_written(plain, event), referral=event.referral, effect=effect,
                   is_standby=standby)  # fmt: skip


def _echo(plain: Entry, event: Echo) -> Entry:
    return replace(
        _written(plain, event), direction=Message.OUTBOUND, sender_kind=ELSEWHERE,
        effect=QUIET if event.is_history else ANSWERS, app_id=event.app_id,
    )  # fmt: skip


def _written(plain: Entry, event: Written) -> Entry:
    return replace(
        plain, type=event.type, text=event.text, content=event.content, media=event.media,
        reply_to_external_id=event.reply_to_external_id, forwarded=event.forwarded,
        error=error_json(event.error), is_history=event.is_history,
    )  # fmt: skip


def error_json(error: ProviderError | None) -> dict[str, Any] | None:
    return {"code": error.code, "title": error.title, "advice": error.detail} if error else None


def _pressed(plain: Entry, event: PressedButton) -> Entry:
    content = {"title": event.title, "payload": event.payload}
    made = made_id("postback", plain.contact.pk, event.provider_at, content)
    return replace(plain, type="postback", text=event.title, content=content,
                   external_id=event.external_id or made, referral=event.referral)  # fmt: skip


def _comment(plain: Entry, event: Commented) -> Entry:
    """The ids stay with it: a public and a private reply name the comment."""
    content = {
        "comment_id": event.external_id, "parent_id": event.parent_external_id or None,
        "media": event.media, "is_live": event.is_live, "is_mention": event.is_mention,
    }  # fmt: skip
    return replace(plain, type="comment", text=event.text, content=content, effect=COMMENTS,
                   reply_to_external_id=event.parent_external_id)  # fmt: skip


def _call(plain: Entry, event: CallNoted) -> Entry:
    """Only that there was a call: what became of it are its phases, whichever is told of first."""
    ours = call_direction(event) == Message.OUTBOUND
    return replace(
        plain, type="call", effect=PASSES if ours else CALLS,
        direction=Message.OUTBOUND if ours else Message.INBOUND,
        sender_kind=ELSEWHERE if ours else CUSTOMER,
    )  # fmt: skip


def call_direction(event: CallNoted) -> str:
    """Who called, from the provider's word for it; empty when it does not say."""
    word = event.direction.lower()
    if not word:
        return ""
    return Message.OUTBOUND if word.startswith(("business", "out")) else Message.INBOUND


def made_id(kind: str, contact_id: str, at: datetime | None, said: dict[str, Any]) -> str:
    """The natural key of what the provider gives no id: who said what, and when."""
    whole = json.dumps([kind, contact_id, iso(at) if at else "", said], sort_keys=True, default=str)
    return f"{Message.MADE}{hashlib.sha256(whole.encode()).hexdigest()[:40]}"


def in_order(entries: Sequence[Entry]) -> list[Entry]:
    """The order in which they are numbered: as they came, but what is history by its own time among itself."""
    past = iter(sorted((e for e in entries if e.is_history and e.provider_at), key=_time))
    return [next(past) if e.is_history and e.provider_at else e for e in entries]


def _time(entry: Entry) -> datetime:
    assert entry.provider_at is not None
    return entry.provider_at


def kept_json(entry: Entry) -> dict[str, Any]:
    """An entry as it waits beside its conversation; ``kept_entry`` makes it one again."""
    return {
        "type": entry.type, "text": entry.text, "content": entry.content, "app_id": entry.app_id,
        "media": [asdict(ref) for ref in entry.media], "forwarded": entry.forwarded,
        "reply_to_external_id": entry.reply_to_external_id, "error": entry.error,
        "external_id": entry.external_id,
    }  # fmt: skip


def kept_entry(
    channel: Channel, contact: Contact, kept: dict[str, Any], at: datetime | None
) -> Entry:
    media = tuple(MediaRef(**ref) for ref in kept["media"])
    return Entry(channel=channel, contact=contact, direction=Message.OUTBOUND, effect=ANSWERS,
                 sender_kind=ELSEWHERE, provider_at=at, **{**kept, "media": media})  # fmt: skip
