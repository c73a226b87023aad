"""Limits of what an account may say: text in bytes, quick replies, templates."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from channels.simulator.meta.instagram.errors import invalid, refused
from channels.simulator.meta.records import Json

TEXT_BYTES = 1000
QUICK_REPLIES = 13
QUICK_KINDS = ("text", "user_phone_number", "user_email")


def words(parent: Json, name: str, field: str, limit: int) -> str:
    """The string `parent[name]` of 1 to `limit` characters."""
    value = parent.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"Param {field} must be a non-empty string")
    if len(value) > limit:
        raise invalid(f"Length of param {field} must be less than or equal to {limit}")
    return value


def list_of(value: Any, field: str, most: int) -> list[Json]:
    """A list of 1 to `most` objects."""
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
        raise invalid(f"Param {field} must be a non-empty array")
    if len(value) > most:
        raise invalid(f"Param {field} must have at most {most} elements; {len(value)} given")
    return value


def check_text(value: Any) -> str:
    """At most 1000 bytes of UTF-8, however few characters that are."""
    if not isinstance(value, str) or not value.strip():
        raise refused(2534015, "Message cannot be empty")
    size = len(value.encode())
    if size > TEXT_BYTES:
        raise invalid(
            f"Length of param message[text] must be less than or equal to {TEXT_BYTES}"
            f" bytes; {size} given"
        )
    return value


def check_quick_replies(message: Json) -> list[Json]:
    """At most 13, below a text; longer titles are cut to 20 characters, as Instagram does."""
    found = list_of(message["quick_replies"], "message[quick_replies]", QUICK_REPLIES)
    if "text" not in message:
        raise refused(2534015, "Quick replies need a text")
    shown = []
    for one in found:
        kind = one.get("content_type")
        if kind not in QUICK_KINDS:
            raise invalid(f"Param content_type must be one of {', '.join(QUICK_KINDS)}")
        if kind == "text":
            words(one, "title", "quick_replies[title]", 1000)
            words(one, "payload", "quick_replies[payload]", 1000)
        shown.append({**one, "title": str(one.get("title", kind))[:20]})
    return shown


def check_template(payload: Any, has_page: bool) -> Json:
    """`generic`, `button`, and with a Page also `product`."""
    if not isinstance(payload, dict):
        raise invalid("Param message[attachment][payload] must be an object")
    kind = payload.get("template_type")
    if kind == "generic":
        for element in list_of(payload.get("elements"), "elements", 10):
            _check_element(element)
    elif kind == "button":
        words(payload, "text", "payload[text]", 640)
        _check_buttons(list_of(payload.get("buttons"), "payload[buttons]", 3))
    elif kind == "product" and has_page:
        for element in list_of(payload.get("elements"), "elements", 10):
            words(element, "id", "elements[id]", 100)
    else:
        raise invalid(f"Param template_type {kind!r} is not supported")
    return payload


def _check_element(element: Json) -> None:
    words(element, "title", "elements[title]", 80)
    if not set(element) - {"title"}:
        raise refused(2534015, "An element needs one property beside its title")
    if "subtitle" in element:
        words(element, "subtitle", "elements[subtitle]", 80)
    if "image_url" in element:
        check_link(element["image_url"], "elements[image_url]")
    action = element.get("default_action")
    if action is not None:
        if not isinstance(action, dict) or action.get("type") != "web_url":
            raise invalid("Param default_action must be of type web_url")
        check_link(action.get("url"), "default_action[url]")
    if "buttons" in element:
        _check_buttons(list_of(element["buttons"], "elements[buttons]", 3))


def _check_buttons(buttons: list[Json]) -> None:
    for button in buttons:
        check_button(button)


def check_button(button: Json) -> None:
    """A `postback` with a payload or a `web_url` with an address."""
    words(button, "title", "buttons[title]", 1000)
    if button.get("type") == "postback":
        words(button, "payload", "buttons[payload]", 1000)
    elif button.get("type") == "web_url":
        check_link(button.get("url"), "buttons[url]")
    else:
        raise invalid("Param buttons[type] must be web_url or postback")


def check_link(value: Any, field: str) -> None:
    """An absolute web address."""
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise invalid(f"Param {field} must be a valid URL")
