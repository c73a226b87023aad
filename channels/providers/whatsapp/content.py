"""What each kind of inbound WhatsApp message says, in the API's own names.

A reader takes a message item and returns its `Content`, or None where the object that its type
promises is missing or empty of what makes it that type: such a message is shown as unsupported.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from channels.providers.events import MediaRef, ProviderError
from channels.providers.whatsapp.access import (
    as_flag,
    as_int,
    as_object,
    as_objects,
    as_sha256,
    as_text,
    as_time,
)
from kernel.jsonsafe import TooDeep, storable_json

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


def written(message: Json, *, is_history: bool = False) -> Json:
    """Return the fields of `Written` for a message item, of whoever wrote it."""
    said = read_content(message)
    context = as_object(message, "context")
    return {
        "provider_at": as_time(message, "timestamp"),
        "external_id": as_text(message, "id"),
        "type": said.type,
        "text": said.text,
        "content": said.content | _surroundings(message, context),
        "media": said.media,
        "reply_to_external_id": as_text(context, "id") or as_text(context, "message_id"),
        "forwarded": as_flag(context, "forwarded") or as_flag(context, "frequently_forwarded"),
        "error": first_error(message),
        "is_history": is_history,
    }


def _surroundings(message: Json, context: Json) -> Json:
    """What a message carries beside its own object."""
    extra: Json = {}
    if product := as_object(context, "referred_product"):
        extra["referred_product"] = product
    if group := as_text(message, "group_id"):
        extra["group_id"] = group
    if identity := as_object(message, "identity"):
        extra["identity"] = identity
    return extra


def first_error(source: Json) -> ProviderError | None:
    """Return the first of ``errors`` that is an object; old versions keep details at its top."""
    error = next(iter(as_objects(source, "errors")), None)
    return read_error(error) if error is not None else None


def read_error(error: Json) -> ProviderError:
    """Return an error object of a webhook in our terms."""
    data = error.get("error_data")
    detail = data if isinstance(data, str) else as_text(data, "details")
    message = as_text(error, "message")
    title = as_text(error, "title") or message
    return ProviderError(
        code=as_int(error, "code") or 0,
        title=title,
        detail=detail or as_text(error, "details") or (message if message != title else ""),
    )


def unsupported(message: Json, declared: str) -> Content:
    """Return a message that the timeline shows as not displayable, with all that was sent.

    ``content`` is ``{"original_type", "raw"}``: the type that Meta says it could not deliver
    where it says so, and the whole item.
    """
    named = as_text(as_object(message, "unsupported"), "type")
    original = (named if declared == "unsupported" else declared) or declared or "unknown"
    return Content(
        type="unsupported",
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
    names = [_card_title(card) for card in cards]
    return Content(
        type="contacts",
        text=", ".join(name for name in names if name),
        content={"contacts": cards},
    )


def _card_title(card: Json) -> str:
    """A card's name; a number that was shared on request comes without one."""
    phones = [as_text(phone, "phone") for phone in as_objects(card, "phones")]
    return as_text(as_object(card, "name"), "formatted_name") or next(filter(None, phones), "")


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
    if kind == "nfm_reply":
        return _flow_reply(answer)
    if kind == "call_permission_reply":
        return Content(type="interactive", content={"type": kind} | _call_permission(answer))
    return Content(
        type="interactive",
        text=as_text(answer, "body"),
        content={"type": kind[:64], "raw": source},
    )


def _flow_reply(answer: Json) -> Content:
    """The answer of a form. ``response`` is what it holds, where it is an object or a list."""
    content: Json = {"type": "nfm_reply"} | _texts(answer, "name", "body", "response_json")
    try:
        response = storable_json(json.loads(as_text(answer, "response_json")), max_depth=10)
    except (ValueError, RecursionError, TooDeep):
        response = None  # it stays readable as the text that it is
    if isinstance(response, dict | list):
        content["response"] = response
    return Content(type="interactive", text=as_text(answer, "body"), content=content)


def _call_permission(answer: Json) -> Json:
    content: Json = _texts(answer, "response", "response_source")
    content["is_permanent"] = as_flag(answer, "is_permanent")
    if (until := as_int(answer, "expiration_timestamp")) is not None:
        content["expiration_timestamp"] = until
    return content


def _order(message: Json) -> Content | None:
    source = as_object(message, "order")
    items = as_objects(source, "product_items")
    if not source:
        return None
    content: Json = _texts(source, "catalog_id", "text")
    return Content(
        type="order",
        text=as_text(source, "text"),
        content=content | {"product_items": items},
    )


def _system(message: Json) -> Content | None:
    """What WhatsApp itself says in a thread, such as that the customer has a new number."""
    source = as_object(message, "system")
    if not source:
        return None
    content = _texts(
        source,
        "type",
        "wa_id",
        "new_wa_id",
        "user_id",
        "parent_user_id",
        "previous_user_id",
        "previous_parent_user_id",
        "customer",
        "identity",
    )
    return Content(type="system", text=as_text(source, "body"), content=content)


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
    "order": _order,
    "system": _system,
}
