"""The parts of an outgoing template beside its text: buttons, offers, cards of a carousel."""

from __future__ import annotations

import re

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.records import Json
from channels.simulator.meta.whatsapp.checks import items, text

VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
# The `sub_type` that a send names for each type of stored button; others take no component.
SUB_TYPES = {
    "QUICK_REPLY": "quick_reply",
    "URL": "url",
    "COPY_CODE": "copy_code",
    "FLOW": "flow",
    "CATALOG": "catalog",
    "MPM": "mpm",
    "OTP": "url",
    "VOICE_CALL": "voice_call",
}
PARAMETER_TYPES = {
    "quick_reply": "payload",
    "url": "text",
    "copy_code": "coupon_code",
    "flow": "action",
    "catalog": "action",
    "mpm": "action",
    "voice_call": "payload",
}


def wrong_count(part: str, given: int, wanted: int) -> GraphError:
    """132000 for this part."""
    return GraphError(
        132000,
        f"{part}: number of localizable_params ({given}) does not match the expected number of"
        f" params ({wanted})",
    )


def parameters_of(sent: list[Json], kind: str, index: int | None = None) -> list[Json]:
    """The parameters that a send gives for one component; for buttons the one at `index`."""
    for item in sent:
        if item.get("type") == kind and (index is None or str(item.get("index")) == str(index)):
            found = item.get("parameters") or []
            if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
                raise GraphError(100, f"Param template['components']: parameters of {kind}.")
            return found
    return []


def check_buttons(buttons: list[Json], sent: list[Json]) -> None:
    """Each sent button must exist, be of the stored type and bring what that type needs."""
    for item in sent:
        if item.get("type") != "button":
            continue
        place = str(item.get("index", ""))
        if not place.isdigit() or int(place) >= len(buttons):
            raise GraphError(132018, f"button: no button at index {place or 'missing'}")
        stored = buttons[int(place)]["type"]
        if str(item.get("sub_type", "")).lower() != SUB_TYPES.get(stored):
            raise GraphError(132012, f"button at index {place}: Format mismatch, expected {stored}")
    for index, button in enumerate(buttons):
        _check_button(index, button, parameters_of(sent, "button", index))


def _needs_parameter(button: Json) -> bool:
    has_variable = button["type"] == "URL" and bool(VARIABLE.search(button.get("url", "")))
    return has_variable or button["type"] in ("COPY_CODE", "MPM", "OTP")


def _check_button(index: int, button: Json, found: list[Json]) -> None:
    part = f"button at index {index}"
    if _needs_parameter(button) and len(found) != 1:
        raise wrong_count(part, len(found), 1)
    if not _needs_parameter(button) and button["type"] == "URL" and found:
        raise wrong_count(part, len(found), 0)
    wanted = PARAMETER_TYPES.get(SUB_TYPES.get(button["type"], ""), "")
    for item in found:
        if item.get("type") != wanted:
            raise GraphError(132012, f"{part}: Format mismatch, expected {wanted}")
        if wanted in ("text", "payload"):
            text(item, wanted, f"{part}['{wanted}']", 2000)
        elif wanted == "coupon_code":
            text(item, "coupon_code", f"{part}['coupon_code']", 15)
        elif not isinstance(item.get("action", {}), dict):
            raise GraphError(132012, f"{part}: action must be a JSON object")


def check_offer(component: Json, sent: list[Json]) -> None:
    """A limited-time offer that expires needs its time in milliseconds."""
    if not (component.get("limited_time_offer") or {}).get("has_expiration", True):
        return
    found = parameters_of(sent, "limited_time_offer")
    if len(found) != 1:
        raise wrong_count("limited_time_offer", len(found), 1)
    until = (found[0].get("limited_time_offer") or {}).get("expiration_time_ms")
    if not isinstance(until, int) or isinstance(until, bool):
        raise GraphError(132012, "limited_time_offer: expiration_time_ms must be a whole number")


def cards_of(component: Json, sent: list[Json]) -> list[tuple[Json, list[Json]]]:
    """Pairs (stored card, sent components) of a carousel, which must be as many."""
    stored = component.get("cards") or []
    given = next((item for item in sent if item.get("type") == "carousel"), {})
    if not given:
        raise wrong_count("carousel", 0, len(stored))
    cards = items(given, "cards", "template['components']['carousel']['cards']", 1, 10)
    if len(cards) != len(stored):
        raise wrong_count("carousel", len(cards), len(stored))
    pairs = []
    for place, card in enumerate(cards):
        if str(card.get("card_index")) != str(place):
            raise GraphError(132018, f"carousel: card_index must be {place}")
        name = f"carousel['cards'][{place}]['components']"
        pairs.append((stored[place], items(card, "components", name, 0, 10)))
    return pairs
