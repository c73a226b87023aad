"""What each kind of inbound WhatsApp message says, in the API's own names.

A reader takes a message item and returns its `Content`, or None where the object that its type
promises is missing or empty of what makes it that type: such a message is shown as unsupported.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from channels.providers.events import MediaRef
from channels.providers.whatsapp.access import (
    as_flag,
    as_int,
    as_object,
    as_objects,
    as_sha256,
    as_text,
)

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Content:
    """The part of an `InboundMessage` that depends on its type."""

    type: str
    text: str = ""
    content: Json = field(default_factory=dict)
    media: tuple[MediaRef, ...] = ()


def read_content(message: Json) -> Content:
    """Return what the message says; anything unknown or malformed as type ``unsupported``."""
    declared = as_text(message, "type")
    reader = _READERS.get(declared)
    return (reader(message) if reader else None) or unsupported(message, declared)


def unsupported(message: Json, declared: str) -> Content:
    """Return a message that the timeline shows as not displayable, with all that was sent.

    ``content`` is ``{"original_type", "raw"}``: the type that Meta says it could not deliver
    where it says so, and the whole item.
    """
    named = as_text(as_object(message, "unsupported"), "type")
    original = (named if declared == "unsupported" else declared) or declared or "unknown"
    # A system message ("Noa changed her number") is the one kind whose raw form has a sentence.
    sentence = as_text(as_object(message, "system"), "body")
    return Content(
        type="unsupported",
        text=sentence,
        content={"original_type": original[:64], "raw": message},
    )


def _text(message: Json) -> Content | None:
    if "body" not in as_object(message, "text"):
        return None
    return Content(type="text", text=as_text(message["text"], "body"))


def _media(message: Json) -> Content | None:
    declared = as_text(message, "type")
    source = as_object(message, declared)
    kind = "audio" if declared == "voice" else declared
    file = MediaRef(
        kind=kind,
        provider_id=as_text(source, "id"),
        url=as_text(source, "url") or as_text(source, "link"),
        mime_type=as_text(source, "mime_type"),
        sha256=as_sha256(source, "sha256"),
        filename=as_text(source, "filename"),
        size=as_int(source, "file_size"),
    )
    if not file.provider_id and not file.url:
        return None
    caption = as_text(source, "caption")
    content = _texts(source, "caption", "filename")
    if declared == "voice" or as_flag(source, "voice"):
        content["voice"] = True
    if as_flag(source, "animated"):
        content["animated"] = True
    return Content(type=kind, text=caption, content=content, media=(file,))


def _location(message: Json) -> Content | None:
    source = as_object(message, "location")
    latitude, longitude = _degrees(source, "latitude", 90), _degrees(source, "longitude", 180)
    if latitude is None or longitude is None:
        return None
    content: Json = {"latitude": latitude, "longitude": longitude}
    content |= _texts(source, "name", "address", "url")
    text = ", ".join(content[key] for key in ("name", "address") if key in content)
    return Content(type="location", text=text, content=content)


def _contacts(message: Json) -> Content | None:
    cards = as_objects(message, "contacts")
    if not cards:
        return None
    names = [as_text(as_object(card, "name"), "formatted_name") for card in cards]
    return Content(
        type="contacts",
        text=", ".join(name for name in names if name),
        content={"contacts": cards},
    )


def _button(message: Json) -> Content | None:
    source = as_object(message, "button")
    content = _texts(source, "text", "payload")
    return (
        Content(type="button", text=as_text(source, "text"), content=content) if content else None
    )


def _interactive(message: Json) -> Content | None:
    source = as_object(message, "interactive")
    kind = as_text(source, "type")
    answer = as_object(source, kind)
    if not kind or not answer:
        return None
    if kind in ("button_reply", "list_reply"):
        content: Json = {"type": kind} | _texts(answer, "id", "title", "description")
        return Content(type="interactive", text=as_text(answer, "title"), content=content)
    return Content(
        type="interactive",
        text=as_text(answer, "body"),
        content={"type": kind[:64], "raw": source},
    )


def _texts(source: Json, *keys: str) -> Json:
    """Return those keys that hold text, so that an absent one stays absent."""
    return {key: text for key in keys if (text := as_text(source, key))}


def _degrees(source: Json, key: str, limit: int) -> float | None:
    try:
        value = float(as_text(source, key))
    except ValueError:
        return None
    return value if abs(value) <= limit else None


_READERS: dict[str, Callable[[Json], Content | None]] = {
    "text": _text,
    "image": _media,
    "audio": _media,
    "voice": _media,
    "video": _media,
    "document": _media,
    "sticker": _media,
    "location": _location,
    "contacts": _contacts,
    "button": _button,
    "interactive": _interactive,
}
