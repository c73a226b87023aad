"""Limits of outgoing interactive messages: reply buttons, lists, links, location requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
    web_link,
)
from channels.simulator.meta.whatsapp.content import check_media_source

BODY_LIMITS = {"button": 1024, "list": 4096, "cta_url": 1024, "location_request_message": 1024}
HEADERS = ("text", "image", "video", "document")


def check_interactive(state: State, phone_number_id: str, body: Json) -> Any:
    """`interactive{type, header?, body, footer?, action}` with the limits of its type."""
    content = child(body, "interactive", "interactive")
    only(content, ("type", "header", "body", "footer", "action"), "interactive")
    kind = text(content, "type", "interactive['type']", 64)
    if kind not in ACTIONS:
        raise GraphError(131051, f"interactive['type'] {kind!r} is not played by the simulator.")
    body_object = child(content, "body", "interactive['body']")
    text(body_object, "text", "interactive['body']['text']", BODY_LIMITS[kind])
    if content.get("footer") is not None:
        footer = child(content, "footer", "interactive['footer']")
        text(footer, "text", "interactive['footer']['text']", 60)
    if content.get("header") is not None:
        _check_header(state, phone_number_id, kind, child(content, "header", "header"))
    ACTIONS[kind](child(content, "action", "interactive['action']"))
    return content


def _check_header(state: State, phone_number_id: str, kind: str, header: Json) -> None:
    style = text(header, "type", "interactive['header']['type']", 20)
    allowed = ("text",) if kind == "list" else () if kind.startswith("location") else HEADERS
    if style not in allowed:
        raise invalid("interactive['header']['type']", f"{style} is not allowed for {kind}.")
    field = f"interactive['header']['{style}']"
    if style == "text":
        text(header, "text", field, 60)
    else:
        check_media_source(state, phone_number_id, style, child(header, style, field), field)


def _check_buttons(action: Json) -> None:
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


def _check_list(action: Json) -> None:
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


def _check_link(action: Json) -> None:
    if action.get("name") != "cta_url":
        raise invalid("interactive['action']['name']", "must be cta_url.")
    parameters = child(action, "parameters", "interactive['action']['parameters']")
    text(parameters, "display_text", "interactive['action']['parameters']['display_text']", 20)
    web_link(parameters.get("url"), "interactive['action']['parameters']['url']")


def _check_location_request(action: Json) -> None:
    if action.get("name") != "send_location":
        raise invalid("interactive['action']['name']", "must be send_location.")


def _check_id(parent: Json, field: str, limit: int) -> None:
    value = text(parent, "id", field, limit)
    if value != value.strip():
        raise invalid(field, "must not begin or end with a space.")


def _unique(found: list[Json], key: Callable[[Json], Any], what: str) -> None:
    if len({key(item) for item in found}) != len(found):
        raise invalid("interactive['action']", f"{what} must be unique.")


ACTIONS: dict[str, Callable[[Json], None]] = {
    "button": _check_buttons,
    "list": _check_list,
    "cta_url": _check_link,
    "location_request_message": _check_location_request,
}
