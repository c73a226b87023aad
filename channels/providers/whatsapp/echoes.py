"""What the business wrote with its telephone, or another tool of its, on the same number."""

from typing import Any

from channels.providers.events import Echo, Event, Person
from channels.providers.whatsapp.access import as_object, as_text
from channels.providers.whatsapp.content import written
from channels.providers.whatsapp.identity import echo_names, person
from channels.providers.whatsapp.messages import edited, revoked
from channels.providers.whatsapp.sent import read_sent
from channels.providers.whatsapp.unparsable import Unparsable

Json = dict[str, Any]


def echo_events(echo: Json, contacts: list[Json]) -> list[Event]:
    """Return the event of one item of ``message_echoes``; raises `Unparsable`."""
    return business_events(echo, person(echo_names(echo), contacts))


def business_events(message: Json, recipient: Person, *, is_history: bool = False) -> list[Event]:
    """Return what the business did in the thread of ``recipient``; its own edits have no author."""
    if not as_text(message, "id"):
        raise Unparsable("the message has no id")
    done: Event | None = None
    match as_text(message, "type"):
        case "edit":
            done = edited(message, None)
        case "revoke":
            done = revoked(message, None)
    if done is not None:
        return [done]
    if not recipient.identities:
        raise Unparsable("the message does not say to whom it was sent")
    said = written(message, is_history=is_history)
    if said["type"] == "unsupported" and (sent := read_sent(message)):
        said |= {"type": sent.type, "text": sent.text, "content": sent.content}
    if reaction := _reaction(message):
        said |= {"type": "reaction", "text": reaction["emoji"], "content": reaction}
    return [Echo(recipient=recipient, **said)]


def _reaction(message: Json) -> Json:
    """A reaction in the form in which the product sends one; empty where it is none."""
    reaction = as_object(message, "reaction")
    target = as_text(reaction, "message_id")
    if as_text(message, "type") != "reaction" or not target:
        return {}
    return {"target_external_id": target, "emoji": as_text(reaction, "emoji")}
