"""Limits of the actions that sell or ask: flows, products, catalogs, addresses, contacts, calls.

Each check takes `(state, phone_number_id, action)` and raises `GraphError` naming the field.
"""

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
from channels.simulator.meta.whatsapp.content import check_media_source, is_one_emoji

ACTION = "interactive['action']"
PARAMETERS = f"{ACTION}['parameters']"
FLOW_KEYS = (
    "flow_message_version",
    "flow_id",
    "flow_name",
    "flow_cta",
    "flow_token",
    "mode",
    "flow_action",
    "flow_action_payload",
)
ADDRESS_COUNTRIES = ("IN", "SG")


def named(name: str) -> Callable[[State, str, Json], None]:
    """The check of an action that is nothing but its name."""

    def check(state: State, phone_number_id: str, action: Json) -> None:
        demand_name(action, name)

    return check


def demand_name(action: Json, name: str) -> None:
    """`action.name` must be the one word that this type has."""
    if action.get("name") != name:
        raise invalid(f"{ACTION}['name']", f"must be {name}.")


def check_flow(state: State, phone_number_id: str, action: Json) -> None:
    """A Flow by id or name, with a label of at most 30 characters without emoji."""
    demand_name(action, "flow")
    parameters = child(action, "parameters", PARAMETERS)
    for name in parameters:
        if name not in FLOW_KEYS:
            raise GraphError(100, f'Unexpected key "{name}" on param "{PARAMETERS}".')
    if str(parameters.get("flow_message_version")) != "3":
        raise invalid(f"{PARAMETERS}['flow_message_version']", "must be 3.")
    if bool(parameters.get("flow_id")) == bool(parameters.get("flow_name")):
        raise missing(f"{PARAMETERS}: exactly one of 'flow_id' and 'flow_name'")
    label = text(parameters, "flow_cta", f"{PARAMETERS}['flow_cta']", 30)
    if any(not ch.isspace() and is_one_emoji(ch) for ch in label):
        raise invalid(f"{PARAMETERS}['flow_cta']", "must not hold emoji.")
    if parameters.get("mode", "published") not in ("published", "draft"):
        raise invalid(f"{PARAMETERS}['mode']", "must be published or draft.")
    _check_flow_action(parameters)


def _check_flow_action(parameters: Json) -> None:
    kind = parameters.get("flow_action", "navigate")
    field = f"{PARAMETERS}['flow_action_payload']"
    if kind not in ("navigate", "data_exchange"):
        raise invalid(f"{PARAMETERS}['flow_action']", "must be navigate or data_exchange.")
    if parameters.get("flow_action_payload") is None:
        return
    if kind == "data_exchange":
        raise invalid(field, "is not allowed with data_exchange.")
    payload = child(parameters, "flow_action_payload", field)
    text(payload, "screen", f"{field}['screen']", 200)
    if "data" in payload and (not isinstance(payload["data"], dict) or not payload["data"]):
        raise invalid(f"{field}['data']", "must be an object that is not empty.")


def check_product(state: State, phone_number_id: str, action: Json) -> None:
    """One product of a catalog."""
    text(action, "catalog_id", f"{ACTION}['catalog_id']", 100)
    text(action, "product_retailer_id", f"{ACTION}['product_retailer_id']", 200)


def check_product_list(state: State, phone_number_id: str, action: Json) -> None:
    """At most 10 sections and 30 products; titles when there are several sections."""
    text(action, "catalog_id", f"{ACTION}['catalog_id']", 100)
    sections = items(action, "sections", f"{ACTION}['sections']", 1, 10)
    count = 0
    for index, section in enumerate(sections):
        field = f"{ACTION}['sections'][{index}]"
        if len(sections) > 1 and not section.get("title"):
            raise missing(f"{field}['title']")
        optional_text(section, "title", f"{field}['title']", 24)
        products = items(section, "product_items", f"{field}['product_items']", 1, 30)
        for product in products:
            text(product, "product_retailer_id", f"{field}['product_retailer_id']", 200)
        count += len(products)
    if count > 30:
        raise invalid(f"{ACTION}['sections']", f"{count} products given, max: 30.")


def check_catalog(state: State, phone_number_id: str, action: Json) -> None:
    """The whole catalog, with an optional product as its picture."""
    demand_name(action, "catalog_message")
    if action.get("parameters") is not None:
        parameters = child(action, "parameters", PARAMETERS)
        name = "thumbnail_product_retailer_id"
        optional_text(parameters, name, f"{PARAMETERS}['{name}']", 200)


def check_address(state: State, phone_number_id: str, action: Json) -> None:
    """An address form, which Meta has for India and Singapore."""
    demand_name(action, "address_message")
    parameters = child(action, "parameters", PARAMETERS)
    country = text(parameters, "country", f"{PARAMETERS}['country']", 2)
    if country not in ADDRESS_COUNTRIES:
        raise invalid(f"{PARAMETERS}['country']", f"must be {' or '.join(ADDRESS_COUNTRIES)}.")
    for name in ("values", "validation_errors"):
        if not isinstance(parameters.get(name, {}), dict):
            raise GraphError(100, f"Param {PARAMETERS}['{name}'] must be a JSON object.")
    if "saved_addresses" in parameters:
        items(parameters, "saved_addresses", f"{PARAMETERS}['saved_addresses']", 1, 20)


def check_voice_call(state: State, phone_number_id: str, action: Json) -> None:
    """A button that calls the business, for 1 to 43,200 minutes; all of it has defaults."""
    demand_name(action, "voice_call")
    if action.get("parameters") is None:
        return
    parameters = child(action, "parameters", PARAMETERS)
    only(parameters, ("display_text", "ttl_minutes", "payload"), PARAMETERS)
    optional_text(parameters, "display_text", f"{PARAMETERS}['display_text']", 20)
    optional_text(parameters, "payload", f"{PARAMETERS}['payload']", 512)
    minutes = parameters.get("ttl_minutes", 1)
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= 43_200:
        raise invalid(f"{PARAMETERS}['ttl_minutes']", "must be between 1 and 43200.")


def check_link(state: State, phone_number_id: str, action: Json) -> None:
    """A button that opens an address."""
    demand_name(action, "cta_url")
    parameters = child(action, "parameters", PARAMETERS)
    text(parameters, "display_text", f"{PARAMETERS}['display_text']", 20)
    web_link(parameters.get("url"), f"{PARAMETERS}['url']")


def check_carousel(state: State, phone_number_id: str, action: Json) -> None:
    """2 to 10 cards, numbered from 0, all of one type and with the same kind of header."""
    cards = items(action, "cards", f"{ACTION}['cards']", 2, 10)
    kinds = {_check_card(state, phone_number_id, place, card) for place, card in enumerate(cards)}
    if len(kinds) > 1:
        raise invalid(f"{ACTION}['cards']", "all cards must have one type and one kind of header.")


def _check_card(state: State, phone_number_id: str, place: int, card: Json) -> tuple[str, str]:
    field = f"{ACTION}['cards'][{place}]"
    if card.get("card_index") != place:
        raise invalid(f"{field}['card_index']", f"must be {place}.")
    kind = text(card, "type", f"{field}['type']", 20)
    action = child(card, "action", f"{field}['action']")
    if kind == "product":
        check_product(state, phone_number_id, action)
        return kind, ""
    if kind not in ("cta_url", "button"):
        raise invalid(f"{field}['type']", "must be cta_url, button or product.")
    header = child(card, "header", f"{field}['header']")
    style = text(header, "type", f"{field}['header']['type']", 20)
    if style not in ("image", "video"):
        raise invalid(f"{field}['header']['type']", "must be image or video.")
    source = child(header, style, f"{field}['header']['{style}']")
    check_media_source(state, phone_number_id, style, source, f"{field}['header']['{style}']")
    _check_card_body(card, field)
    CARD_ACTIONS[kind](state, phone_number_id, action)
    return kind, style


def _check_card_body(card: Json, field: str) -> None:
    if card.get("body") is None:
        return
    words = text(child(card, "body", f"{field}['body']"), "text", f"{field}['body']['text']", 160)
    if words.count("\n") > 2:
        raise invalid(f"{field}['body']['text']", "has more than 2 line breaks.")


def _check_card_replies(state: State, phone_number_id: str, action: Json) -> None:
    for button in items(action, "buttons", "card['action']['buttons']", 1, 3):
        reply: Any = button.get("reply") or button.get("quick_reply")
        if not isinstance(reply, dict):
            raise missing("card['action']['buttons']['quick_reply']")
        text(reply, "id", "card['action']['buttons']['id']", 256)
        text(reply, "title", "card['action']['buttons']['title']", 20)


CARD_ACTIONS: dict[str, Callable[[State, str, Json], None]] = {
    "cta_url": check_link,
    "button": _check_card_replies,
}
