"""Limits of outgoing interactive messages, by their type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.records import Json
from channels.simulator.meta.state import State
from channels.simulator.meta.whatsapp.checks import (
    child,
    invalid,
    items,
    missing,
    only,
    optional_text,
    text,
)
from channels.simulator.meta.whatsapp.commerce import (
    check_address,
    check_carousel,
    check_catalog,
    check_flow,
    check_link,
    check_product,
    check_product_list,
    check_voice_call,
    named,
)
from channels.simulator.meta.whatsapp.content import check_media_source

MEDIA_HEADERS = ("text", "image", "video", "document")


class Kind(NamedTuple):
    """The rules of one `interactive.type`. `body` is the limit of its text."""

    check: Callable[[State, str, Json], None]
    body: int = 1024
    headers: tuple[str, ...] = ()
    needs_header: bool = False
    needs_body: bool = True
    has_footer: bool = True


def check_interactive(state: State, phone_number_id: str, body: Json) -> Any:
    """`interactive{type, header?, body, footer?, action}` with the limits of its type."""
    content = child(body, "interactive", "interactive")
    only(content, ("type", "header", "body", "footer", "action"), "interactive")
    name = text(content, "type", "interactive['type']", 64)
    kind = KINDS.get(name)
    if kind is None:
        raise GraphError(131009, f"Parameter 'interactive['type']': {name!r} is not a known type.")
    if kind.needs_body or content.get("body") is not None:
        body_object = child(content, "body", "interactive['body']")
        text(body_object, "text", "interactive['body']['text']", kind.body)
    if content.get("footer") is not None:
        if not kind.has_footer:
            raise invalid("interactive['footer']", f"is not allowed for {name}.")
        footer = child(content, "footer", "interactive['footer']")
        text(footer, "text", "interactive['footer']['text']", 60)
    if kind.needs_header or content.get("header") is not None:
        header = child(content, "header", "interactive['header']")
        _check_header(state, phone_number_id, name, kind, header)
    kind.check(state, phone_number_id, child(content, "action", "interactive['action']"))
    return content


def _check_header(state: State, phone_number_id: str, name: str, kind: Kind, header: Json) -> None:
    style = text(header, "type", "interactive['header']['type']", 20)
    if style not in kind.headers:
        raise invalid("interactive['header']['type']", f"{style} is not allowed for {name}.")
    field = f"interactive['header']['{style}']"
    if style == "text":
        text(header, "text", field, 60)
    else:
        check_media_source(state, phone_number_id, style, child(header, style, field), field)


def _check_buttons(state: State, phone_number_id: str, action: Json) -> None:
    buttons = items(action, "buttons", "interactive['action']['buttons']", 1, 3)
    for index, button in enumerate(buttons):
        field = f"interactive['action']['buttons'][{index}]"
        if button.get("type") != "reply":
            raise invalid(f"{field}['type']", "must be reply.")
        reply = child(button, "reply", f"{field}['reply']")
        _check_id(reply, f"{field}['reply']['id']", 256)
        text(reply, "title", f"{field}['reply']['title']", 20)
    _unique(buttons, lambda item: item["reply"]["title"], "button titles")
    _unique(buttons, lambda item: item["reply"]["id"], "button ids")


def _check_list(state: State, phone_number_id: str, action: Json) -> None:
    text(action, "button", "interactive['action']['button']", 20)
    sections = items(action, "sections", "interactive['action']['sections']", 1, 10)
    rows: list[Json] = []
    for index, section in enumerate(sections):
        field = f"interactive['action']['sections'][{index}]"
        if len(sections) > 1 and not section.get("title"):
            raise missing(f"{field}['title']")
        optional_text(section, "title", f"{field}['title']", 24)
        rows += items(section, "rows", f"{field}['rows']", 1, 10)
    if len(rows) > 10:
        raise invalid("interactive['action']['sections']", "at most 10 rows in total.")
    for row in rows:
        _check_id(row, "row['id']", 200)
        text(row, "title", "row['title']", 24)
        optional_text(row, "description", "row['description']", 72)
    _unique(rows, lambda item: item["id"], "row ids")


def _check_id(parent: Json, field: str, limit: int) -> None:
    value = text(parent, "id", field, limit)
    if value != value.strip():
        raise invalid(field, "must not begin or end with a space.")


def _unique(found: list[Json], key: Callable[[Json], Any], what: str) -> None:
    if len({key(item) for item in found}) != len(found):
        raise invalid("interactive['action']", f"{what} must be unique.")


KINDS = {
    "button": Kind(_check_buttons, headers=MEDIA_HEADERS),
    "list": Kind(_check_list, body=4096, headers=("text",)),
    "cta_url": Kind(check_link, headers=MEDIA_HEADERS),
    "location_request_message": Kind(named("send_location")),
    "request_contact_info": Kind(named("request_contact_info")),
    "flow": Kind(check_flow, headers=MEDIA_HEADERS),
    "product": Kind(check_product, needs_body=False),
    "product_list": Kind(check_product_list, headers=("text",), needs_header=True),
    "catalog_message": Kind(check_catalog),
    "carousel": Kind(check_carousel, has_footer=False),
    "address_message": Kind(check_address, headers=MEDIA_HEADERS),
    "voice_call": Kind(check_voice_call, has_footer=False),
    "call_permission_request": Kind(
        named("call_permission_request"), needs_body=False, has_footer=False
    ),
}
