"""Messages with something to tap: quick replies, buttons, cards and products.

The content of an ``interactive`` message is one of

- ``{"type": "quick_replies", "quick_replies": [{"title", "payload", "image_url"?} |
  {"content_type": "user_phone_number" | "user_email"}]}``, with the message's text above them;
- ``{"type": "buttons", "buttons": [button]}`` (or ``button``), with the message's text above them;
- ``{"type": "cta_url", "button": title, "url"}``, one button that opens a page, likewise;
- ``{"type": "generic", "elements": [{"title", "subtitle"?, "image_url"?, "url"?, "buttons"?}]}``;
- ``{"type": "product", "products": [catalog id]}`` (through a Facebook Page only).

A button is ``{"title", "payload"}``, also written ``{"title", "id"}``, or ``{"title", "url"}``.
The text may be the message's own or the content's ``text`` or ``body``.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from channels.providers.contract import InvalidMessage, OutboundMessage, UnsupportedMessage
from channels.providers.instagram import limits
from channels.providers.meta.access import as_text
from kernel.jsonsafe import storable_text

Json = dict[str, Any]

_FIELD = "interactive"
_ASKED = ("user_phone_number", "user_email")


def compose_interactive(message: OutboundMessage) -> Json:
    """Return the ``message`` object of the request. Raises `InvalidMessage`.

    Raises `UnsupportedMessage` for a kind that Instagram does not have (a list, a flow).
    """
    kind = as_text(message.content, "type")
    composer = _COMPOSERS.get(kind)
    if composer is None:
        raise UnsupportedMessage(f"Instagram takes no interactive message of type {kind!r}.")
    return composer(message)


def text_of(message: OutboundMessage) -> str:
    """Return the words above the buttons, wherever they are given."""
    content = message.content
    return message.text or as_text(content, "text") or as_text(content, "body")


def _quick_replies(message: OutboundMessage) -> Json:
    text = text_of(message)
    check_text(text)
    given = _listed(message.content, "quick_replies", limits.QUICK_REPLIES)
    replies = [_quick_reply(f"{_FIELD}.quick_replies[{i}]", one) for i, one in enumerate(given)]
    return {"text": text, "quick_replies": replies}


def _quick_reply(field: str, given: Any) -> Json:
    kind = as_text(given, "content_type") or "text"
    if kind in _ASKED:
        return {"content_type": kind}
    if kind != "text":
        raise InvalidMessage(f"{field}.content_type", f"One of: text, {', '.join(_ASKED)}.")
    reply = {
        "content_type": kind,
        "title": checked(field, given, "title", limits.QUICK_REPLY_TITLE),
        "payload": _payload(field, given),
    }
    if image := _link(field, given, "image_url"):
        reply["image_url"] = image
    return reply


def _button_template(message: OutboundMessage) -> Json:
    return _with_buttons(message, _buttons(_FIELD, message.content, required=True))


def _link_button(message: OutboundMessage) -> Json:
    """The one button of a message that leads to a page, as other channels have it."""
    given = {"title": as_text(message.content, "button"), "url": as_text(message.content, "url")}
    if not given["url"]:
        raise InvalidMessage(f"{_FIELD}.url", "Say which page the button opens.")
    return _with_buttons(message, [button(f"{_FIELD}.button", given, limits.BUTTON_TITLE)])


def _with_buttons(message: OutboundMessage, buttons: list[Json]) -> Json:
    for part in ("header", "footer"):
        if message.content.get(part):
            raise InvalidMessage(f"{_FIELD}.{part}", f"Instagram shows no {part}.", limit=0)
    text = text_of(message)
    if not text.strip():
        raise InvalidMessage("text", "The text above the buttons is empty.")
    if len(text) > limits.BUTTON_TEXT:
        raise InvalidMessage(
            "text", f"At most {limits.BUTTON_TEXT} characters.", limit=limits.BUTTON_TEXT
        )
    return _template({"template_type": "button", "text": text, "buttons": buttons})


def _generic(message: OutboundMessage) -> Json:
    given = _listed(message.content, "elements", limits.ELEMENTS)
    elements = [_element(f"{_FIELD}.elements[{i}]", one) for i, one in enumerate(given)]
    return _template({"template_type": "generic", "elements": elements})


def _element(field: str, given: Any) -> Json:
    element: Json = {"title": checked(field, given, "title", limits.ELEMENT_TITLE)}
    if as_text(given, "subtitle"):
        element["subtitle"] = checked(field, given, "subtitle", limits.ELEMENT_SUBTITLE)
    if image := _link(field, given, "image_url"):
        element["image_url"] = image
    if url := _link(field, given, "url"):
        element["default_action"] = {"type": "web_url", "url": url}
    if buttons := _buttons(field, given, required=False):
        element["buttons"] = buttons
    if len(element) == 1:
        raise InvalidMessage(field, "A card needs something besides its title.")
    return element


def _product(message: OutboundMessage) -> Json:
    given = _listed(message.content, "products", limits.PRODUCTS)
    if not all(isinstance(one, str) and one for one in given):
        raise InvalidMessage(f"{_FIELD}.products", "Give the catalog ids of the products.")
    return _template({"template_type": "product", "elements": [{"id": one} for one in given]})


def _template(payload: Json) -> Json:
    return {"attachment": {"type": "template", "payload": payload}}


def _buttons(field: str, source: Any, *, required: bool) -> list[Json]:
    given = source.get("buttons") if isinstance(source, dict) else None
    if given is None and not required:
        return []
    if not isinstance(given, list) or (required and not given):
        raise InvalidMessage(f"{field}.buttons", "Give at least one button.", limit=limits.BUTTONS)
    if len(given) > limits.BUTTONS:
        raise InvalidMessage(
            f"{field}.buttons", f"At most {limits.BUTTONS} buttons.", limit=limits.BUTTONS
        )
    return [
        button(f"{field}.buttons[{i}]", one, limits.BUTTON_TITLE) for i, one in enumerate(given)
    ]


def button(field: str, given: Any, title_limit: int) -> Json:
    """Return one button, which opens a page or comes back to us. Raises `InvalidMessage`."""
    title = checked(field, given, "title", title_limit)
    if url := _link(field, given, "url"):
        return {"type": "web_url", "title": title, "url": url}
    return {"type": "postback", "title": title, "payload": _payload(field, given)}


def _payload(field: str, given: Any) -> str:
    name = "payload" if as_text(given, "payload") else "id"
    if not as_text(given, name):
        raise InvalidMessage(f"{field}.payload", "Say what comes back when it is tapped.")
    return checked(field, given, name, limits.PAYLOAD)


def checked(field: str, given: Any, name: str, limit: int) -> str:
    """Return a text that must be there and no longer than ``limit`` characters."""
    text = as_text(given, name)
    if not text.strip():
        raise InvalidMessage(f"{field}.{name}", "It is empty.", limit=limit)
    if len(text) > limit:
        raise InvalidMessage(f"{field}.{name}", f"At most {limit} characters.", limit=limit)
    return text


def check_text(text: str) -> None:
    """Raise `InvalidMessage` for words that do not fit a message; the limit counts bytes."""
    if not text.strip():
        raise InvalidMessage("text", "The text is empty.")
    if len(storable_text(text).encode()) > limits.TEXT_BYTES:
        raise InvalidMessage(
            "text", f"At most {limits.TEXT_BYTES} bytes of UTF-8.", limit=limits.TEXT_BYTES
        )


def is_link(text: str) -> bool:
    """Return whether ``text`` is a full http or https address."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _link(field: str, given: Any, name: str) -> str:
    text = as_text(given, name)
    if text and not is_link(text):
        raise InvalidMessage(f"{field}.{name}", "It must be a full http or https address.")
    return text


def _listed(content: Json, name: str, limit: int) -> list[Any]:
    given = content.get(name)
    field = f"{_FIELD}.{name}"
    if not isinstance(given, list) or not given:
        raise InvalidMessage(field, "Give at least one.", limit=limit)
    if len(given) > limit:
        raise InvalidMessage(field, f"At most {limit}.", limit=limit)
    return given


_COMPOSERS: dict[str, Callable[[OutboundMessage], Json]] = {
    "quick_replies": _quick_replies,
    "button": _button_template,
    "buttons": _button_template,
    "cta_url": _link_button,
    "generic": _generic,
    "product": _product,
}
