"""A template's carousel and its limited-time offer, checked before they are submitted.

Source: Meta's pages on media card carousels, product card carousels and limited-time offers.
Lengths are in characters.
"""

from typing import Any

from channels.providers.contract import InvalidMessage
from channels.providers.whatsapp.access import as_list, as_object, as_objects, as_text
from channels.providers.whatsapp.template_parts import (
    Json,
    Parts,
    check_body,
    check_buttons,
    check_header,
    parts_by_kind,
    words,
)

FEWEST_CARDS, MOST_CARDS, CARD_BODY = 2, 10, 160
CARD_PARTS = ("HEADER", "BODY", "BUTTONS")
FILES = ("IMAGE", "VIDEO")
PRODUCT = "PRODUCT"
# By whether the card shows a product of the catalog: how many buttons, and which.
FILE_BUTTONS = (2, ("QUICK_REPLY", "URL", "PHONE_NUMBER"))
PRODUCT_BUTTONS = (1, ("SPM", "URL"))
OFFER, OFFER_BODY = 16, 600

Shape = tuple[str, bool, tuple[str, ...]]


def check_carousel(field: str, part: Json, *, category: str, is_named: bool) -> None:
    """Two to ten cards, each whole and built like the first."""
    _demand_marketing(field, category, "carousel")
    cards = as_list(part, "cards")
    if not FEWEST_CARDS <= len(cards) <= MOST_CARDS:
        passed = FEWEST_CARDS if len(cards) < FEWEST_CARDS else MOST_CARDS
        raise InvalidMessage(
            f"{field}.cards", f"{FEWEST_CARDS} to {MOST_CARDS} cards.", limit=passed
        )
    shapes = [
        _check_card(f"{field}.cards.{index}", card, is_named=is_named)
        for index, card in enumerate(cards)
    ]
    for index, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise InvalidMessage(
                f"{field}.cards.{index}",
                "All cards have the same header, the same buttons, and either all a body or none.",
            )


def _check_card(field: str, card: Any, *, is_named: bool) -> Shape:
    """What must be the same on each card: its header's format, whether it has a body, its buttons."""
    name = f"{field}.components"
    parts = parts_by_kind(name, as_list(card, "components"), CARD_PARTS, "card")
    if "HEADER" not in parts:
        raise InvalidMessage(name, "A card needs a HEADER.")
    where, header = parts["HEADER"]
    kind = as_text(header, "format").upper()
    if kind not in (*FILES, PRODUCT):
        raise InvalidMessage(f"{where}.format", f"One of {', '.join((*FILES, PRODUCT))}.")
    if kind in FILES:
        check_header(where, header)
    if "BODY" in parts:
        check_body(*parts["BODY"], is_named=is_named, most=CARD_BODY)
    most, kinds = PRODUCT_BUTTONS if kind == PRODUCT else FILE_BUTTONS
    buttons: tuple[str, ...] = ()
    if "BUTTONS" in parts:
        buttons = check_buttons(*parts["BUTTONS"], most=most, kinds=kinds)
    return kind, "BODY" in parts, buttons


def check_offer(parts: Parts, *, category: str) -> None:
    """An offer's words, and what a template with an offer may have beside it."""
    field, part = parts["LIMITED_TIME_OFFER"]
    _demand_marketing(field, category, "limited-time offer")
    name, offer = f"{field}.limited_time_offer", as_object(part, "limited_time_offer")
    words(name, offer, OFFER)
    if not isinstance(offer.get("has_expiration", False), bool):
        raise InvalidMessage(f"{name}.has_expiration", "Either true or false.")
    if "FOOTER" in parts:
        raise InvalidMessage(parts["FOOTER"][0], "A template with an offer has no FOOTER.")
    if "HEADER" in parts and as_text(parts["HEADER"][1], "format").upper() not in FILES:
        raise InvalidMessage(
            f"{parts['HEADER'][0]}.format", f"Beside an offer one of {', '.join(FILES)}."
        )
    if "BUTTONS" in parts:
        where, row = parts["BUTTONS"]
        kinds = [as_text(button, "type").upper() for button in as_objects(row, "buttons")]
        if "COPY_CODE" in kinds[1:]:
            raise InvalidMessage(f"{where}.buttons", "The button with the offer's code is first.")


def _demand_marketing(field: str, category: str, what: str) -> None:
    if category != "MARKETING":
        raise InvalidMessage(field, f"Only a template of category MARKETING has a {what}.")
