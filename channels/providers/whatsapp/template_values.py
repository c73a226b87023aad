"""The values of a template: of its header and its body, each as a component of the request."""

import re
from collections.abc import Iterable
from typing import Any

from channels.providers.contract import InvalidMessage, OutboundMedia
from channels.providers.whatsapp import limits
from channels.providers.whatsapp.fields import check, is_web_link
from channels.providers.whatsapp.sharing import compose_location

Json = dict[str, Any]

_KINDS = ("text", "location", "product", *limits.HEADER_FILES)
_BROKEN_LINE = re.compile(r"[\n\r\t]| {5,}")
_TYPED = ("currency", "date_time", "group_id")


def missing(field: str, name: str) -> InvalidMessage:
    """The refusal of a template without one of its parameters."""
    return InvalidMessage(field, f"The template's parameter is missing: {name}.")


def header_kind(header: Any) -> str:
    """Return the declared type of a header, else the one its only object names."""
    if isinstance(header, str):
        return "text"
    given = header if isinstance(header, dict) else {}
    return str(given.get("type") or next((kind for kind in _KINDS if kind in given), ""))


def header_component(
    header: Any, media: OutboundMedia | None, field: str, name: Any = None
) -> Json | None:
    """Return the header's component, None without one.

    ``media`` is its uploaded file, ``name`` that of its parameter where the template says so.
    """
    if header is None and media is None:
        return None
    kind = header_kind(header)
    given = header if isinstance(header, dict) else {"text": header}
    if kind == "text":
        at = f"{field}.text" if isinstance(header, dict) else field
        value = text_value(at, given.get("text"), limits.most("template", "header.text"))
        parameter = _named({"type": "text", "text": value}, given.get("parameter_name") or name)
    elif kind == "location" and isinstance(given.get("location"), dict):
        check(limits.FIELDS["location"], given["location"], f"{field}.location")
        parameter = {"type": "location", "location": compose_location(given["location"])}
    elif kind == "product" and isinstance(given.get("product"), dict):
        parameter = {"type": "product", "product": _product(given["product"], f"{field}.product")}
    elif kind in limits.HEADER_FILES:
        parameter = {"type": kind, kind: _file(given.get(kind), media, field)}
    else:
        raise InvalidMessage(field, f"The header is one of: {', '.join(_KINDS)}.")
    return {"type": "header", "parameters": [parameter]}


def body_component(body: Any, field: str, limit: int) -> Json | None:
    """Return the body's component: a list goes by position, an object by name."""
    if not body:
        return None
    named: Iterable[tuple[str, str | None, Any]]
    if isinstance(body, dict):
        named = [(str(name), str(name), value) for name, value in body.items()]
    elif isinstance(body, list):
        named = [(str(index), None, value) for index, value in enumerate(body)]
    else:
        raise InvalidMessage(field, "The body's parameters are a list or an object.")
    parameters = [
        _named(_parameter(f"{field}.{place}", value, limit), name) for place, name, value in named
    ]
    return {"type": "body", "parameters": parameters}


def text_value(field: str, value: Any, limit: int) -> str:
    """Return a parameter's text. Raises `InvalidMessage` for what stands in no template."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if value is not None and not isinstance(value, str):
        raise InvalidMessage(field, "A template parameter is text or a number.")
    if not value or not value.strip():
        raise missing(field, field.removeprefix("template."))
    if len(value) > limit:
        raise InvalidMessage(field, f"At most {limit} characters.", limit=limit)
    if _BROKEN_LINE.search(value):
        raise InvalidMessage(field, "No line breaks, no tabs, no more than four spaces in a row.")
    return value


def _file(source: Any, media: OutboundMedia | None, field: str) -> Json:
    given = source if isinstance(source, dict) else {}
    identifier = media.provider_id if media else given.get("id")
    link = media.link if media else given.get("link")
    if not identifier and not (isinstance(link, str) and is_web_link(link)):
        raise InvalidMessage(field, "The header's file needs a media_id or a full link.")
    file: Json = {"id": identifier} if identifier else {"link": link}
    filename = (media.filename if media else "") or given.get("filename")
    longest = limits.most("document", "filename")
    if isinstance(filename, str) and len(filename) > longest:
        raise InvalidMessage(
            f"{field}.document.filename", f"At most {longest} characters.", limit=longest
        )
    return file | ({"filename": filename} if filename else {})


def _product(given: Json, field: str) -> Json:
    for name in ("catalog_id", "product_retailer_id"):
        if not isinstance(given.get(name), str) or not given[name]:
            raise InvalidMessage(f"{field}.{name}", "This is required.")
    return {name: given[name] for name in ("catalog_id", "product_retailer_id")}


def _parameter(field: str, value: Any, limit: int) -> Json:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        return {"type": "text", "text": text_value(field, value, limit)}
    kind = value["type"]
    if kind == "text":
        return {"type": "text", "text": text_value(field, value.get("text"), limit)}
    if kind not in _TYPED:
        raise InvalidMessage(field, f"A parameter's type is one of: text, {', '.join(_TYPED)}.")
    if kind != "group_id":
        _check_fallback(f"{field}.{kind}", kind, value.get(kind), limit)
    return {"type": kind, kind: value.get(kind)}


def _check_fallback(field: str, kind: str, value: Any, limit: int) -> None:
    """An amount or a time is shown in the customer's way, or else as its fallback says."""
    if not isinstance(value, dict):
        raise InvalidMessage(field, "This is an object.")
    text_value(f"{field}.fallback_value", value.get("fallback_value"), limit)
    if kind == "currency":
        text_value(f"{field}.code", value.get("code"), 3)
        amount = value.get("amount_1000")
        if isinstance(amount, bool) or not isinstance(amount, int):
            says = "The amount as a whole number, multiplied by 1000."
            raise InvalidMessage(f"{field}.amount_1000", says)


def _named(parameter: Json, name: Any) -> Json:
    return parameter | ({"parameter_name": name} if isinstance(name, str) and name else {})
