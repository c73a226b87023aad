"""A template message: what it lacks, and the components that carry its parameters.

The content is ``{"name", "language", "header"?, "body"?, "buttons"?, "cards"?,
"limited_time_offer"?, "tap_target_configuration"?, "order_status"?, "expected"?}``. ``body`` is
a list (positional) or an object (named); a value is text, a number, or a typed parameter such
as ``{"type": "currency", …}``. A card has a header, a body and buttons of its own. ``expected``
says what the approved template takes, where it is known: ``{"header"?: "text"|"image"|…,
"header_name"?, "body"?: number or names, "buttons"?: [index, …], "cards"?: [expected, …],
"limited_time_offer"?: true}``.
"""

import re
from collections.abc import Mapping
from typing import Any

from channels.providers.contract import InvalidMessage, OutboundMedia, OutboundMessage
from channels.providers.whatsapp import limits
from channels.providers.whatsapp.fields import check
from channels.providers.whatsapp.template_buttons import button_component, button_list, index_of
from channels.providers.whatsapp.template_values import (
    body_component,
    header_component,
    header_kind,
    missing,
)

Json = dict[str, Any]

_NAME = re.compile(r"[a-z0-9_]+", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*", re.ASCII)
_FIELD = "template"
# Components of one parameter, which is an object that bears the component's own name.
_SINGLE = ("limited_time_offer", "tap_target_configuration", "order_status")
_BY_TABLE = tuple(
    field
    for field in limits.FIELDS[_FIELD]
    if field.path.startswith("buttons.*.sections") or field.path == "cards"
)


def validate_template(content: Json, media: OutboundMedia | None) -> None:
    """Raise `InvalidMessage` for the first thing that Meta would refuse, naming its field."""
    name, language = content.get("name"), content.get("language")
    if not isinstance(name, str) or not name:
        raise InvalidMessage("template.name", "The template's name is required.")
    limit = limits.most(_FIELD, "name")
    if len(name) > limit or not _NAME.fullmatch(name):
        raise InvalidMessage(
            "template.name",
            "A template's name has lower-case letters, digits and underscores only.",
            limit=limit,
        )
    if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
        raise InvalidMessage(
            "template.language", "The template's language is required, such as en_US."
        )
    _check_expected(content, media, _FIELD)
    # Composing reads every parameter, so it finds what is malformed.
    compose_template(content, media)


def with_files(message: OutboundMessage) -> Json:
    """Return the content, in whose cards the uploaded files stand by Meta's ids."""
    cards = message.content.get("cards")
    if not message.uploaded or not isinstance(cards, list):
        return message.content
    return {**message.content, "cards": [_with_file(card, message.uploaded) for card in cards]}


def _with_file(card: Any, uploaded: Mapping[str, str]) -> Any:
    header = card.get("header") if isinstance(card, dict) else None
    for kind in limits.HEADER_FILES:
        file = header.get(kind) if isinstance(header, dict) else None
        if isinstance(header, dict) and isinstance(file, dict) and file.get("media_id") in uploaded:
            return {**card, "header": {**header, kind: {**file, "id": uploaded[file["media_id"]]}}}
    return card


def compose_template(content: Json, media: OutboundMedia | None) -> Json:
    """Return the Cloud API's ``template`` object. Raises `InvalidMessage` for a bad parameter."""
    _check_bounds(content)
    single = [_single(name, content[name]) for name in _SINGLE if content.get(name)]
    components = _components(content, media, _FIELD, "buttons", is_alone=not single)
    template: Json = {"name": content["name"], "language": {"code": content["language"]}}
    if cards := content.get("cards"):
        single.append({"type": "carousel", "cards": [_card(*one) for one in enumerate(cards)]})
    if parts := [*components, *single]:
        template["components"] = parts
    return template


def _components(
    content: Json, media: OutboundMedia | None, field: str, path: str, *, is_alone: bool
) -> list[Json]:
    given = button_list(content.get("buttons"), f"{field}.buttons", path)
    buttons = [
        button_component(index, item, f"{field}.buttons.{index}")
        for index, item in enumerate(given)
    ]
    expected = content.get("expected")
    name = expected.get("header_name") if isinstance(expected, dict) else None
    header = header_component(content.get("header"), media, f"{field}.header", name)
    is_alone = is_alone and not (buttons or header or content.get("cards"))
    limit = limits.most("template.alone" if is_alone else _FIELD, "body.*")
    body = body_component(content.get("body"), f"{field}.body", limit)
    return [part for part in (header, body, *buttons) if part]


def _card(index: int, card: Any) -> Json:
    field = f"{_FIELD}.cards.{index}"
    if not isinstance(card, dict):
        raise InvalidMessage(field, "A card is an object.")
    components = _components(card, None, field, "cards.*.buttons", is_alone=False)
    return {"card_index": index, "components": components}


def _single(name: str, value: Any) -> Json:
    field = f"{_FIELD}.{name}"
    if not isinstance(value, dict):
        raise InvalidMessage(field, "This is an object.")
    if name == "limited_time_offer":
        ends = value.get("expiration_time_ms")
        if isinstance(ends, bool) or not isinstance(ends, int) or ends <= 0:
            says = "When the offer ends, in milliseconds since 1970."
            raise InvalidMessage(f"{field}.expiration_time_ms", says)
    parameter = [value] if name == "tap_target_configuration" else value
    return {"type": name, "parameters": [{"type": name, name: parameter}]}


def _check_bounds(content: Json) -> None:
    """The table's bounds of lists; those of texts are read where each text is composed."""
    buttons = [
        {"sections": one["sections"]} if isinstance(one, dict) and one.get("sections") else {}
        for one in button_list(content.get("buttons"), f"{_FIELD}.buttons")
    ]
    check(_BY_TABLE, {"buttons": buttons, "cards": content.get("cards")}, _FIELD)


# ------------------------------------------------------------------- against the definition


def _check_expected(content: Json, media: OutboundMedia | None, field: str) -> None:
    expected = content.get("expected")
    if not isinstance(expected, dict):
        return
    _check_header(expected.get("header"), content.get("header"), media, f"{field}.header")
    wanted, given = expected.get("body"), content.get("body") or []
    if isinstance(wanted, int):
        _check_positions(wanted, given, f"{field}.body")
    elif isinstance(wanted, list | tuple):
        _check_names([str(name) for name in wanted], given, f"{field}.body")
    buttons = content.get("buttons") or ()
    present = {index_of(index, item) for index, item in enumerate(buttons)}
    for index in expected.get("buttons") or ():
        if str(index) not in present:
            raise missing(f"{field}.buttons.{index}", f"button {index}")
    if expected.get("limited_time_offer") and not content.get("limited_time_offer"):
        raise missing(f"{field}.limited_time_offer", "limited_time_offer")
    _check_cards(expected.get("cards"), content.get("cards") or [], field)


def _check_cards(wanted: Any, given: Any, field: str) -> None:
    if not isinstance(wanted, list | tuple):
        return
    if not isinstance(given, list) or len(given) != len(wanted):
        count = len(wanted)
        says = f"This template has {count} cards, and each takes its own values."
        raise InvalidMessage(f"{field}.cards", says, limit=count)
    for index, (card, expected) in enumerate(zip(given, wanted, strict=True)):
        if isinstance(card, dict):
            _check_expected({**card, "expected": expected}, None, f"{field}.cards.{index}")


def _check_header(wanted: Any, header: Any, media: OutboundMedia | None, field: str) -> None:
    if not wanted and header:
        raise InvalidMessage(field, "This template's header takes no value.")
    if not wanted:
        return
    if not header and media is None:
        raise missing(field, "header")
    if header and header_kind(header) != wanted:
        raise InvalidMessage(field, f"This template's header is of type {wanted}.")


def _check_positions(wanted: int, given: Any, field: str) -> None:
    if not isinstance(given, list):
        raise InvalidMessage(field, "This template's parameters go by position: a list.")
    if len(given) < wanted:
        raise missing(f"{field}.{len(given)}", f"{{{{{len(given) + 1}}}}}")
    if len(given) > wanted:
        says = f"This template takes {wanted} parameters and was given {len(given)}."
        raise InvalidMessage(field, says, limit=wanted)


def _check_names(wanted: list[str], given: Any, field: str) -> None:
    values = given or {}
    if not isinstance(values, dict):
        raise InvalidMessage(field, "This template's parameters go by name: an object.")
    for name in wanted:
        if name not in values:
            raise missing(f"{field}.{name}", f"{{{{{name}}}}}")
    for name in values:
        if name not in wanted:
            raise InvalidMessage(f"{field}.{name}", "The template has no such parameter.")
