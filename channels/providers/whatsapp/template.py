"""A template message: what it lacks, and the components that carry its parameters.

The content is ``{"name", "language", "header"?, "body"?, "buttons"?, "expected"?}``. ``body`` is
a list (positional) or an object (named); a value is text, a number, or a typed parameter such
as ``{"type": "currency", …}``. ``expected`` says what the approved template takes, where it is
known: ``{"header"?: "text"|"image"|…, "body"?: number or names, "buttons"?: [index, …]}``.
"""

import re
from collections.abc import Iterable
from typing import Any

from channels.providers.contract import InvalidMessage, OutboundMedia
from channels.providers.whatsapp import limits

Json = dict[str, Any]

HEADER_FILES = ("image", "video", "document")

_NAME = re.compile(r"[a-z0-9_]+", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*", re.ASCII)
_BUTTON_VALUES = {"url": "text", "quick_reply": "payload", "copy_code": "coupon_code"}


def validate_template(content: Json, media: OutboundMedia | None) -> None:
    """Raise `InvalidMessage` for the first thing that Meta would refuse, naming its field."""
    name, language = content.get("name"), content.get("language")
    if not isinstance(name, str) or not name:
        raise InvalidMessage("template.name", "The template's name is required.")
    if len(name) > limits.TEMPLATE_NAME or not _NAME.fullmatch(name):
        raise InvalidMessage(
            "template.name",
            "A template's name has lower-case letters, digits and underscores only.",
            limit=limits.TEMPLATE_NAME,
        )
    if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
        raise InvalidMessage(
            "template.language", "The template's language is required, such as en_US."
        )
    _check_expected(content, media)
    # Composing reads every parameter, so it finds what is malformed.
    compose_template(content, media)


def compose_template(content: Json, media: OutboundMedia | None) -> Json:
    """Return the Cloud API's ``template`` object. Raises `InvalidMessage` for a bad parameter."""
    buttons = [_button(index, item) for index, item in enumerate(_buttons(content))]
    header = _header(content.get("header"), media)
    alone = not buttons and not header
    body = _body(content.get("body"), alone=alone)
    template: Json = {"name": content["name"], "language": {"code": content["language"]}}
    components = [part for part in (header, body, *buttons) if part]
    if components:
        template["components"] = components
    return template


# ------------------------------------------------------------------- against the definition


def _check_expected(content: Json, media: OutboundMedia | None) -> None:
    expected = content.get("expected")
    if not isinstance(expected, dict):
        return
    _check_header(expected.get("header"), content.get("header"), media)
    wanted, given = expected.get("body"), content.get("body") or []
    if isinstance(wanted, int):
        _check_positions(wanted, given)
    elif isinstance(wanted, list | tuple):
        _check_names([str(name) for name in wanted], given)
    present = {_index(index, item) for index, item in enumerate(_buttons(content))}
    for index in expected.get("buttons") or ():
        if str(index) not in present:
            raise _missing(f"template.buttons.{index}", f"button {index}")


def _check_header(wanted: Any, header: Any, media: OutboundMedia | None) -> None:
    if not wanted:
        return
    if not header and media is None:
        raise _missing("template.header", "header")
    if header and _header_kind(header) != wanted:
        raise InvalidMessage("template.header", f"This template's header is of type {wanted}.")


def _check_positions(wanted: int, given: Any) -> None:
    if not isinstance(given, list):
        raise InvalidMessage("template.body", "This template's parameters go by position: a list.")
    if len(given) < wanted:
        raise _missing(f"template.body.{len(given)}", f"{{{{{len(given) + 1}}}}}")
    if len(given) > wanted:
        raise InvalidMessage(
            "template.body",
            f"This template takes {wanted} parameters and was given {len(given)}.",
            limit=wanted,
        )


def _check_names(wanted: list[str], given: Any) -> None:
    values = given or {}
    if not isinstance(values, dict):
        raise InvalidMessage("template.body", "This template's parameters go by name: an object.")
    for name in wanted:
        if name not in values:
            raise _missing(f"template.body.{name}", f"{{{{{name}}}}}")
    for name in values:
        if name not in wanted:
            raise InvalidMessage(f"template.body.{name}", "The template has no such parameter.")


def _missing(field: str, name: str) -> InvalidMessage:
    return InvalidMessage(field, f"The template's parameter is missing: {name}.")


# --------------------------------------------------------------------------- the components


def _header(header: Any, media: OutboundMedia | None) -> Json | None:
    if header is None and media is None:
        return None
    kind = _header_kind(header)
    given = header if isinstance(header, dict) else {"text": header}
    if kind == "text":
        value = _text("template.header", given.get("text"), limits.TEMPLATE_HEADER)
        parameter = _named({"type": "text", "text": value}, given.get("parameter_name"))
    elif kind == "location" and isinstance(given.get("location"), dict):
        parameter = {"type": "location", "location": given["location"]}
    elif kind in HEADER_FILES:
        parameter = {"type": kind, kind: _header_file(given.get(kind), media)}
    else:
        raise InvalidMessage(
            "template.header", "The header is a text, image, video, document or location."
        )
    return {"type": "header", "parameters": [parameter]}


def _header_kind(header: Any) -> str:
    """Return the declared type of a header, else the one its only object names."""
    if isinstance(header, str):
        return "text"
    given = header if isinstance(header, dict) else {}
    kinds = ("text", "location", *HEADER_FILES)
    return str(given.get("type") or next((kind for kind in kinds if kind in given), ""))


def _header_file(source: Any, media: OutboundMedia | None) -> Json:
    given = source if isinstance(source, dict) else {}
    identifier = media.provider_id if media else given.get("id")
    link = media.link if media else given.get("link")
    if not identifier and not link:
        raise InvalidMessage("template.header", "The header's file needs an id or a link.")
    file: Json = {"id": identifier} if identifier else {"link": link}
    filename = (media.filename if media else "") or given.get("filename")
    return file | ({"filename": filename} if filename else {})


def _body(body: Any, *, alone: bool) -> Json | None:
    if not body:
        return None
    named: Iterable[tuple[str, str | None, Any]]
    if isinstance(body, dict):
        named = [(str(name), str(name), value) for name, value in body.items()]
    elif isinstance(body, list):
        named = [(str(index), None, value) for index, value in enumerate(body)]
    else:
        raise InvalidMessage("template.body", "The body's parameters are a list or an object.")
    limit = limits.TEMPLATE_BODY_PARAMETER_ALONE if alone else limits.TEMPLATE_BODY_PARAMETER
    parameters = [
        _named(_parameter(f"template.body.{place}", value, limit), name)
        for place, name, value in named
    ]
    return {"type": "body", "parameters": parameters}


def _parameter(field: str, value: Any, limit: int) -> Json:
    if isinstance(value, dict) and isinstance(value.get("type"), str):
        if value["type"] != "text":
            return value
        value = value.get("text")
    return {"type": "text", "text": _text(field, value, limit)}


def _named(parameter: Json, name: Any) -> Json:
    return parameter | ({"parameter_name": name} if isinstance(name, str) and name else {})


def _text(field: str, value: Any, limit: int) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if value is not None and not isinstance(value, str):
        raise InvalidMessage(field, "A template parameter is text or a number.")
    if not value or not value.strip():
        raise _missing(field, field.removeprefix("template."))
    if len(value) > limit:
        raise InvalidMessage(field, f"At most {limit} characters.", limit=limit)
    return value


def _buttons(content: Json) -> list[Any]:
    buttons = content.get("buttons") or []
    if not isinstance(buttons, list):
        raise InvalidMessage("template.buttons", "The buttons' parameters are a list.")
    if len(buttons) > limits.TEMPLATE_BUTTONS:
        raise InvalidMessage("template.buttons", "Too many buttons.", limit=limits.TEMPLATE_BUTTONS)
    return buttons


def _button(index: int, item: Any) -> Json:
    """Return a button's component: its ``parameters`` as given, or its one value by its type."""
    field = f"template.buttons.{index}"
    if not isinstance(item, dict) or not isinstance(item.get("type"), str):
        raise InvalidMessage(field, "A button's parameters are an object with its type.")
    kind, parameters = item["type"], item.get("parameters")
    if not isinstance(parameters, list):
        if kind not in _BUTTON_VALUES:
            raise InvalidMessage(field, f"A button of type {kind} needs its parameters.")
        key = _BUTTON_VALUES[kind]
        value = _text(field, item.get(key), limits.TEMPLATE_BODY_PARAMETER)
        parameters = [{"type": key, key: value}]
    return {
        "type": "button",
        "sub_type": kind,
        "index": _index(index, item),
        "parameters": parameters,
    }


def _index(position: int, item: Any) -> str:
    given = item.get("index") if isinstance(item, dict) else None
    return str(position if given is None else given)
