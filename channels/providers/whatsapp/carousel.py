"""Cards side by side, all alike, outside of a template.

A card is ``{"header": {"image" | "video": {"media_id" | "link"}}, "body"?, …}`` with either
``button`` and ``url`` or ``buttons: [{"id", "title"}]``, or only ``catalog_id`` and
``product_retailer_id``. ``uploaded`` maps a ``media_id`` to the id that Meta gave the file.
"""

from collections.abc import Mapping
from typing import Any

from channels.providers.contract import InvalidMessage
from channels.providers.whatsapp import limits

Json = dict[str, Any]

_FIELD = "interactive.cards"


def check_cards(content: Json, uploaded: Mapping[str, str]) -> None:
    """Raise `InvalidMessage` unless each card is whole and like the first."""
    cards = content["cards"]
    kinds = [_kind(f"{_FIELD}.{index}", card) for index, card in enumerate(cards)]
    for index, (kind, card) in enumerate(zip(kinds, cards, strict=True)):
        field = f"{_FIELD}.{index}"
        if kind[0] in limits.CARD_FILES:
            _check_file(f"{field}.header.{kind[0]}", card["header"][kind[0]], uploaded)
        if kind != kinds[0]:
            raise InvalidMessage(field, "All cards have the same kind of header and of buttons.")
        if (card.get("body") or "").count("\n") > limits.CARD_LINE_BREAKS:
            raise InvalidMessage(
                f"{field}.body",
                f"At most {limits.CARD_LINE_BREAKS} line breaks.",
                limit=limits.CARD_LINE_BREAKS,
            )


def compose_cards(cards: list[Json], uploaded: Mapping[str, str]) -> list[Json]:
    """Return the Cloud API's cards, numbered from 0."""
    return [{"card_index": index, **_card(card, uploaded)} for index, card in enumerate(cards)]


def _check_file(field: str, file: Json, uploaded: Mapping[str, str]) -> None:
    if bool(file.get("media_id")) == bool(file.get("link")):
        raise InvalidMessage(field, "Either media_id or link.")
    if file.get("media_id") and not uploaded.get(file["media_id"]):
        raise InvalidMessage(f"{field}.media_id", "The file is not there.")


def _kind(field: str, card: Json) -> tuple[Any, ...]:
    """What must be the same on each card: the header, what is tapped and how many, the catalog."""
    taps = [name for name in ("url", "buttons", "product_retailer_id") if card.get(name)]
    if len(taps) != 1:
        raise InvalidMessage(field, "A card has either a url, or buttons, or a product.")
    if taps == ["product_retailer_id"]:
        return _product(field, card)
    if card.get("catalog_id"):
        raise InvalidMessage(f"{field}.catalog_id", "Only the card of a product has a catalog.")
    if bool(card.get("button")) != (taps == ["url"]):
        raise InvalidMessage(f"{field}.button", "A url goes with the words on its button.")
    header = card.get("header") or {}
    files = [name for name in limits.CARD_FILES if header.get(name)]
    if len(files) != 1 or header.get("type") not in (None, files[0]):
        raise InvalidMessage(f"{field}.header", "A card's header is an image or a video.")
    return (*files, *taps, len(card.get("buttons") or ()))


def _product(field: str, card: Json) -> tuple[Any, ...]:
    if not card.get("catalog_id"):
        raise InvalidMessage(f"{field}.catalog_id", "This is required.")
    for name in ("header", "body", "button"):
        if card.get(name):
            raise InvalidMessage(f"{field}.{name}", "The card of a product has only the product.")
    return ("product", card["catalog_id"])


def _card(card: Json, uploaded: Mapping[str, str]) -> Json:
    if product := card.get("product_retailer_id"):
        action: Json = {"product_retailer_id": product, "catalog_id": card["catalog_id"]}
        return {"type": "product", "action": action}
    kind = next(name for name in limits.CARD_FILES if card["header"].get(name))
    if card.get("buttons"):
        replies = [{"type": "quick_reply", "quick_reply": dict(one)} for one in card["buttons"]]
        action = {"buttons": replies}
    else:
        parameters = {"display_text": card["button"], "url": card["url"]}
        action = {"name": "cta_url", "parameters": parameters}
    # Meta documents this type for cards of quick replies too.
    given = card["header"][kind]
    file = {"id": uploaded[given["media_id"]]} if given.get("media_id") else {"link": given["link"]}
    header = {"type": kind, kind: file}
    body = {"body": {"text": card["body"]}} if card.get("body") else {}
    return {"type": "cta_url", "header": header, **body, "action": action}
