"""Messages that the customer answers with a tap, and what WhatsApp shows around them.

The content is ``{"type", "header"?, "body", "footer"?, …}``. A header is ``{"text"}`` or
``{"image" | "video" | "document": {"media_id" | "link", "filename"?}}``. By type it goes on with

- buttons: ``buttons: [{"id", "title"}]``
- list: ``button`` (opens it), ``sections: [{"title"?, "rows": [{"id", "title", "description"?}]}]``
- cta_url: ``button``, ``url``
- flow: ``button``, ``flow: {"id" | "name", "token"?, "mode"?, "action"?, "screen"?, "data"?}``
- product: ``catalog_id``, ``product_retailer_id``
- product_list: ``catalog_id``, ``sections: [{"title", "product_items": [{"product_retailer_id"}]}]``
- catalog: ``thumbnail_product_retailer_id``?
- location_request, contact_request, call_permission_request: nothing more
- voice_call: ``button``?, ``ttl_minutes``?, ``payload``?
- address: ``address: {"country", "values"?, "saved_addresses"?, "validation_errors"?}``
- carousel: ``cards``, see `channels.providers.whatsapp.carousel`

`limits.FIELDS` bounds all of them.
"""

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from channels.providers.contract import InvalidMessage, OutboundMedia, UnsupportedMessage
from channels.providers.whatsapp import limits
from channels.providers.whatsapp.carousel import check_cards, compose_cards
from channels.providers.whatsapp.fields import check

Json = dict[str, Any]

_FIELD = "interactive"
_FLOW_VERSION = "3"
_NO_UPLOADS: Mapping[str, str] = {}
_FLOW_ACTIONS = ("navigate", "data_exchange")
_FLOW_MODES = ("published", "draft")


def validate_interactive(
    content: Json, media: OutboundMedia | None, uploaded: Mapping[str, str] = _NO_UPLOADS
) -> None:
    """Raise `InvalidMessage` for a broken rule, `UnsupportedMessage` for a kind of others."""
    kind = content.get("type")
    if not isinstance(kind, str) or not kind:
        raise InvalidMessage(f"{_FIELD}.type", "Say which kind of interactive message it is.")
    if kind not in limits.INTERACTIVE:
        raise UnsupportedMessage(f"WhatsApp takes no interactive message of type {kind!r}.")
    check(limits.FIELDS[f"{_FIELD}.{kind}"], content, _FIELD)
    if content.get("header") is not None:
        _check_header(kind, content["header"], media)
    if extra := _RULES.get(kind):
        extra(content)
    if kind == "carousel":
        check_cards(content, uploaded)


def compose_interactive(
    content: Json, media: OutboundMedia | None, uploaded: Mapping[str, str] = _NO_UPLOADS
) -> Json:
    """Return the Cloud API's ``interactive`` object of a content that `validate_interactive` took.

    ``media`` is the uploaded file of the header, where there is one; ``uploaded`` are those of cards.
    """
    kind = content["type"]
    body: Json = {"type": _WIRE_TYPES.get(kind, kind)}
    if header := content.get("header"):
        body["header"] = _header(header, media)
    for part in ("body", "footer"):
        if content.get(part):
            body[part] = {"text": content[part]}
    if kind == "carousel":
        return body | {"action": {"cards": compose_cards(content["cards"], uploaded)}}
    return body | {"action": _ACTIONS[kind](content)}


# ------------------------------------------------------------------------------------ headers


def _kind_of(header: Json) -> str:
    """Return what the header holds; empty unless it is one thing, and the one it says it is."""
    held = [name for name in ("text", *limits.HEADER_FILES) if header.get(name)]
    declared = header.get("type") or (held[0] if held else "")
    return held[0] if len(held) == 1 and held[0] == declared else ""


def _check_header(kind: str, header: Json, media: OutboundMedia | None) -> None:
    held = _kind_of(header)
    if not held:
        raise InvalidMessage(f"{_FIELD}.header", "A header is one text or one file.")
    if held == "text":
        return
    file = header[held]
    if media is None and bool(file.get("media_id")) == bool(file.get("link")):
        raise InvalidMessage(f"{_FIELD}.header.{held}", "Either media_id or link.")
    if media is None and not file.get("link"):
        raise InvalidMessage(f"{_FIELD}.header.{held}.media_id", "The file is not there.")


def _header(header: Json, media: OutboundMedia | None) -> Json:
    kind = _kind_of(header)
    if kind == "text":
        return {"type": "text", "text": header["text"]}
    given = header[kind]
    uploaded = media.provider_id if media else ""
    file: Json = {"id": uploaded} if uploaded else {"link": given["link"]}
    name = given.get("filename") or (media.filename if media else "")
    if kind == "document" and name:
        file["filename"] = name
    return {"type": kind, kind: file}


# --------------------------------------------------------- what the table of limits cannot say


def _check_sections(content: Json) -> None:
    sections = content["sections"]
    for index, section in enumerate(sections if len(sections) > 1 else ()):
        if not section.get("title"):
            field = f"{_FIELD}.sections.{index}.title"
            raise InvalidMessage(field, "Each of several sections needs a title.")


def _check_flow(content: Json) -> None:
    flow, field = content["flow"], f"{_FIELD}.flow"
    if any(unicodedata.category(char) == "So" for char in content["button"]):
        raise InvalidMessage(f"{_FIELD}.button", "The button of a flow has no emoji.")
    if bool(flow.get("id")) == bool(flow.get("name")):
        raise InvalidMessage(field, "Either id or name of the flow.")
    for name, allowed in (("action", _FLOW_ACTIONS), ("mode", _FLOW_MODES)):
        if flow.get(name) and flow[name] not in allowed:
            raise InvalidMessage(f"{field}.{name}", f"One of: {', '.join(allowed)}.")
    data = flow.get("data")
    if data is not None and (not isinstance(data, dict) or not data):
        raise InvalidMessage(f"{field}.data", "This is an object with something in it.")
    if flow.get("action") == "data_exchange" and (data or flow.get("screen")):
        raise InvalidMessage(field, "Only a flow that is navigated has screen and data.")
    if data and not flow.get("screen"):
        raise InvalidMessage(f"{field}.screen", "Say for which screen the data is.")


def _check_address(content: Json) -> None:
    address, field = content["address"], f"{_FIELD}.address"
    for name, shape, says in (
        ("values", dict, "an object"),
        ("saved_addresses", list, "a list"),
        ("validation_errors", dict, "an object"),
    ):
        if address.get(name) is not None and not isinstance(address[name], shape):
            raise InvalidMessage(f"{field}.{name}", f"This is {says}.")


def _check_call(content: Json) -> None:
    minutes = content.get("ttl_minutes")
    if minutes is not None and not isinstance(minutes, int):
        raise InvalidMessage(f"{_FIELD}.ttl_minutes", "A whole number of minutes.")


_RULES: dict[str, Callable[[Json], None]] = {
    "list": _check_sections,
    "product_list": _check_sections,
    "flow": _check_flow,
    "address": _check_address,
    "voice_call": _check_call,
}


# ------------------------------------------------------------------------------------ actions


def _buttons(content: Json) -> Json:
    return {"buttons": [{"type": "reply", "reply": dict(one)} for one in content["buttons"]]}


def _list(content: Json) -> Json:
    return {"button": content["button"], "sections": content["sections"]}


def _link(content: Json) -> Json:
    parameters = {"display_text": content["button"], "url": content["url"]}
    return {"name": "cta_url", "parameters": parameters}


def _flow(content: Json) -> Json:
    flow = content["flow"]
    parameters: Json = {
        "flow_message_version": flow.get("version") or _FLOW_VERSION,
        "flow_cta": content["button"],
    }
    for name, wire in (
        ("id", "flow_id"),
        ("name", "flow_name"),
        ("token", "flow_token"),
        ("mode", "mode"),
        ("action", "flow_action"),
    ):
        if flow.get(name):
            parameters[wire] = flow[name]
    if flow.get("screen"):
        payload = {"screen": flow["screen"]} | ({"data": flow["data"]} if flow.get("data") else {})
        parameters |= {"flow_action": "navigate", "flow_action_payload": payload}
    return {"name": "flow", "parameters": parameters}


def _product(content: Json) -> Json:
    return {name: content[name] for name in ("catalog_id", "product_retailer_id")}


def _product_list(content: Json) -> Json:
    return {"catalog_id": content["catalog_id"], "sections": content["sections"]}


def _catalog(content: Json) -> Json:
    action: Json = {"name": "catalog_message"}
    if product := content.get("thumbnail_product_retailer_id"):
        action["parameters"] = {"thumbnail_product_retailer_id": product}
    return action


def _address(content: Json) -> Json:
    parameters = {name: value for name, value in content["address"].items() if value is not None}
    return {"name": "address_message", "parameters": parameters}


def _call(content: Json) -> Json:
    parameters: Json = {}
    for name, wire in (
        ("button", "display_text"),
        ("ttl_minutes", "ttl_minutes"),
        ("payload", "payload"),
    ):
        if content.get(name):
            parameters[wire] = content[name]
    return {"name": "voice_call"} | ({"parameters": parameters} if parameters else {})


_WIRE_TYPES = {
    "buttons": "button",
    "catalog": "catalog_message",
    "location_request": "location_request_message",
    "contact_request": "request_contact_info",
    "address": "address_message",
}

_ACTIONS: dict[str, Callable[[Json], Json]] = {
    "buttons": _buttons,
    "list": _list,
    "cta_url": _link,
    "flow": _flow,
    "product": _product,
    "product_list": _product_list,
    "catalog": _catalog,
    "location_request": lambda _: {"name": "send_location"},
    "contact_request": lambda _: {"name": "request_contact_info"},
    "voice_call": _call,
    "call_permission_request": lambda _: {"name": "call_permission_request"},
    "address": _address,
}
