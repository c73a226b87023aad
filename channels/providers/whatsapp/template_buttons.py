"""The values of a template's buttons, each as a component of the request.

A button is ``{"type", "index"?, …}`` with the one value that its type takes, or with Meta's own
``parameters``. Its index is its place in the template, and where it is not given in the list.
"""

from collections.abc import Callable
from typing import Any

from channels.providers.contract import InvalidMessage
from channels.providers.whatsapp import limits
from channels.providers.whatsapp.template_values import text_value

Json = dict[str, Any]

_LAST_INDEX = 9
_VALUES = {"url": "text", "otp": "text", "quick_reply": "payload", "copy_code": "coupon_code"}
_WIRE_TYPES = {"otp": "url"}  # a one-time code is sent as the end of an address


def button_list(given: Any, field: str, path: str = "buttons") -> list[Any]:
    """Return the buttons. Raises `InvalidMessage` unless they are a list that is not too long."""
    buttons = given or []
    if not isinstance(buttons, list):
        raise InvalidMessage(field, "The buttons' parameters are a list.")
    limit = limits.most("template", path)
    if len(buttons) > limit:
        raise InvalidMessage(field, f"At most {limit} buttons.", limit=limit)
    return buttons


def button_component(position: int, item: Any, field: str) -> Json:
    """Return a button's component. Raises `InvalidMessage` for one without its value."""
    if not isinstance(item, dict) or not isinstance(item.get("type"), str):
        raise InvalidMessage(field, "A button's parameters are an object with its type.")
    kind, index = item["type"], index_of(position, item)
    if not (index.isascii() and index.isdigit() and int(index) <= _LAST_INDEX):
        says = f"A number from 0 to {_LAST_INDEX}."
        raise InvalidMessage(f"{field}.index", says, limit=_LAST_INDEX)
    component = {"type": "button", "sub_type": _WIRE_TYPES.get(kind, kind), "index": index}
    given = item.get("parameters")
    parameters = given if isinstance(given, list) else _parameters(kind, item, field)
    return component | ({"parameters": parameters} if parameters else {})


def index_of(position: int, item: Any) -> str:
    """Return the place of a button in its template."""
    given = item.get("index") if isinstance(item, dict) else None
    return str(position if given is None else given)


def _parameters(kind: str, item: Json, field: str) -> list[Json]:
    if kind in _VALUES:
        key = _VALUES[kind]
        limit = limits.most("template", f"buttons.*.{key}")
        return [{"type": key, key: text_value(f"{field}.{key}", item.get(key), limit)}]
    if kind == "voice_call":
        return [{"type": n, n: str(item[n])} for n in ("payload", "ttl_minutes") if item.get(n)]
    if kind not in _ACTIONS:
        raise InvalidMessage(field, f"A button of type {kind} needs its parameters.")
    action = _ACTIONS[kind](item, field)
    return [{"type": "action", "action": action}] if action else []


# ------------------------------------------------------------------- buttons that do something


def _flow(item: Json, field: str) -> Json:
    token = _optional(item, "token", field)
    action: Json = {"flow_token": token} if token else {}
    if (data := item.get("data")) is not None:
        if not isinstance(data, dict):
            raise InvalidMessage(f"{field}.data", "This is an object.")
        action["flow_action_data"] = data
    return action


def _catalog(item: Json, field: str) -> Json:
    product = _optional(item, "thumbnail_product_retailer_id", field)
    return {"thumbnail_product_retailer_id": product} if product else {}


def _products(item: Json, field: str) -> Json:
    """The products of a ``mpm`` button, in sections, with the one whose picture is shown."""
    sections = item.get("sections")
    product = item.get("thumbnail_product_retailer_id")
    if not isinstance(product, str) or not product:
        raise InvalidMessage(f"{field}.thumbnail_product_retailer_id", "This is required.")
    if not isinstance(sections, list) or not sections:
        raise InvalidMessage(f"{field}.sections", "This is required.")
    for index, section in enumerate(sections):
        if not isinstance(section, dict) or not section.get("product_items"):
            raise InvalidMessage(f"{field}.sections.{index}", "A section has products.")
    return {"thumbnail_product_retailer_id": product, "sections": sections}


def _order(item: Json, field: str) -> Json:
    order = item.get("order_details")
    if not isinstance(order, dict) or not order:
        raise InvalidMessage(f"{field}.order_details", "This is required.")
    return {"order_details": order}


def _optional(item: Json, name: str, field: str) -> str:
    value = item.get(name) or ""
    if not isinstance(value, str):
        raise InvalidMessage(f"{field}.{name}", "This is a text.")
    return value


_ACTIONS: dict[str, Callable[[Json, str], Json]] = {
    "flow": _flow,
    "catalog": _catalog,
    "mpm": _products,
    "order_details": _order,
}
