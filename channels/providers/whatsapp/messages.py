"""What a customer did: wrote, reacted, edited, took back, or became somebody with other ids.

Payload shapes: Meta's ``messages`` webhook reference. Whatever a customer did is shown, if only
as an unsupported message.
"""

from dataclasses import replace
from typing import Any

from channels.providers.events import (
    Event,
    IdentityChanged,
    Ignored,
    InboundMessage,
    MessageEdited,
    MessageRevoked,
    Person,
    Reaction,
)
from channels.providers.whatsapp.access import as_object, as_objects, as_text, as_time
from channels.providers.whatsapp.content import read_content, written
from channels.providers.whatsapp.identity import (
    WA_ID,
    changed_names,
    message_names,
    own_phone,
    person,
)
from channels.providers.whatsapp.unparsable import Unparsable

Json = dict[str, Any]

_NEW_IDS = frozenset({"user_changed_number", "customer_changed_number", "user_changed_user_id"})


def customer_events(
    message: Json,
    contacts: list[Json],
    *,
    is_history: bool = False,
    is_standby: bool = False,
    otherwise: Person | None = None,
) -> list[Event]:
    """Return the events of one item of ``messages``; raises `Unparsable` for one about nobody.

    ``otherwise`` is the sender of a message that names none (in a thread of a history).
    """
    if not as_text(message, "id"):
        raise Unparsable("the message has no id")
    if as_text(message, "type") == "request_welcome":
        return [Ignored(reason="request_welcome", provider_at=as_time(message, "timestamp"))]
    sender = person(message_names(message), contacts)
    if not sender.identities and otherwise is not None:
        sender = otherwise
    if not sender.identities:
        raise Unparsable("the message does not say who sent it")
    done = deed(message, sender)
    if done is not None:
        return [done]
    shown = InboundMessage(
        sender=_with_shared_phone(sender, message),
        referral=as_object(message, "referral") or None,
        is_standby=is_standby,
        **written(message, is_history=is_history),
    )
    return [*_identity_change(message), shown]


def deed(message: Json, author: Person) -> Event | None:
    """Return what was done to an earlier message, or None where the item is a message itself."""
    match as_text(message, "type"):
        case "reaction":
            return _reaction(message, author)
        case "edit":
            return edited(message, author)
        case "revoke":
            return revoked(message, author)
    return None


def _reaction(message: Json, sender: Person) -> Reaction | None:
    reaction = as_object(message, "reaction")
    if not as_text(reaction, "message_id"):
        return None
    return Reaction(
        provider_at=as_time(message, "timestamp"),
        external_id=as_text(message, "id"),
        target_external_id=as_text(reaction, "message_id"),
        sender=sender,
        emoji=as_text(reaction, "emoji"),  # taken away: empty or absent, both occur
    )


def edited(message: Json, author: Person | None) -> MessageEdited | None:
    """Return what a message says now; None where the edit shows nothing that could replace it."""
    edit = as_object(message, "edit")
    said = read_content(as_object(edit, "message"))
    original = as_text(edit, "original_message_id")
    if not original or said.type == "unsupported":
        return None
    return MessageEdited(
        provider_at=as_time(message, "timestamp"),
        external_id=original,
        type=said.type,
        text=said.text,
        content=said.content,
        author=author,
    )


def revoked(message: Json, author: Person | None) -> MessageRevoked | None:
    """Return which message was taken back; None where that is not said."""
    original = as_text(as_object(message, "revoke"), "original_message_id")
    if not original:
        return None
    at = as_time(message, "timestamp")
    return MessageRevoked(provider_at=at, external_id=original, author=author)


def _identity_change(message: Json) -> list[Event]:
    """A ``system`` message that names somebody's ids before and after: both are one customer."""
    system = as_object(message, "system")
    if as_text(message, "type") != "system" or as_text(system, "type") not in _NEW_IDS:
        return []
    before, after = changed_names(message)
    previous, current = person(before, []), person(after, [])
    if not previous.identities or not set(current.identities) - set(previous.identities):
        return []
    return [
        IdentityChanged(
            provider_at=as_time(message, "timestamp"),
            previous=previous,
            current=current,
            text=as_text(system, "body"),
        )
    ]


def _with_shared_phone(sender: Person, message: Json) -> Person:
    """Add the number that the sender gave when asked for it.

    ``origin: contact_request`` is WhatsApp's own word that the card is the sender's; a card
    that was picked by hand says ``other`` and may be anybody's.
    """
    cards = as_objects(message, "contacts") if as_text(message, "type") == "contacts" else []
    if len(cards) != 1 or as_text(cards[0], "origin") != "contact_request":
        return sender
    phone = own_phone(cards[0])
    if phone is None or any(known.kind == WA_ID for known in sender.identities):
        return sender
    return replace(sender, identities=(*sender.identities, phone), phone=f"+{phone.value}")
