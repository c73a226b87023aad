"""What Meta refuses of the components of a new or edited template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.records import Json, Upload
from channels.simulator.meta.whatsapp.template_parts import VARIABLE

TEXT_LIMITS = {"HEADER": 60, "FOOTER": 60, "BODY": 1024}
CARD_BODY, OFFER_TEXT, OFFER_BODY = 160, 16, 600
LABEL, URL, BUTTONS, CARD_BUTTONS = 25, 2000, 10, 2
# Subcodes of 100.
TOO_LONG, NO_EXAMPLE, AT_THE_EDGE = 2388040, 2388043, 2388299
HEADER, BODY, FOOTER, NO_FILE = 2388047, 2388072, 2388073, 2388273
FILES = {"IMAGE": ("image/jpeg", "image/jpg", "image/png"), "VIDEO": ("video/mp4",),
         "GIF": ("video/mp4",), "DOCUMENT": ("application/pdf",)}  # fmt: skip


def checked_components(body: Json, handles: Mapping[str, Upload]) -> list[Json]:
    """The components of a request, their types in capitals; raises `GraphError` 100.

    `handles` are of the files that were uploaded.
    """
    components = _objects(body.get("components"), "components")
    category = str(body.get("category", "")).upper()
    bodies = [one for one in components if _kind(one) == "BODY"]
    if len(bodies) != 1 or not (bodies[0].get("text") or category == "AUTHENTICATION"):
        raise GraphError(100, "components: a BODY with text is needed.", subcode=BODY)
    kinds = [_kind(one) for one in components]
    for kind in ("CAROUSEL", "LIMITED_TIME_OFFER"):
        if kind in kinds and category != "MARKETING":
            raise GraphError(100, f"components: {kind} is only for the category MARKETING.")
    for one in components:
        _check_part(one, TEXT_LIMITS.get(_kind(one), 1024), BUTTONS)
    for one in components:
        if _kind(one) == "CAROUSEL":
            _check_cards(one)
        if _kind(one) == "LIMITED_TIME_OFFER":
            _check_offer(one, components)
    for header in headers_of(components):
        _check_file(header, handles)
    return [_in_capitals(one) for one in components]


def headers_of(components: list[Json]) -> Iterator[Json]:
    """The headers that show a file: the template's own, and those of its cards."""
    for one in components:
        if _kind(one) == "HEADER" and _kind(one, "format") in FILES:
            yield one
        for card in one.get("cards") or () if _kind(one) == "CAROUSEL" else ():
            yield from headers_of(card.get("components") or [])


def _check_file(header: Json, handles: Mapping[str, Upload]) -> None:
    """A handle that an upload gave, of a file of the header's kind; a link is none."""
    kind, example = _kind(header, "format"), header.get("example")
    given = example.get("header_handle") if isinstance(example, dict) else None
    if not isinstance(given, list) or not given:
        raise GraphError(100, f"HEADER: {kind} needs an example.", subcode=NO_FILE)
    for handle in given:
        upload = handles.get(handle) if isinstance(handle, str) else None
        if upload is None or upload.mime_type not in FILES[kind]:
            raise GraphError(100, f"HEADER: no such uploaded {kind}.", subcode=NO_FILE)


def _in_capitals(part: Json) -> Json:
    """A part as the list shows it, however its types were written."""
    shown = {**part, "type": _kind(part)}
    if "format" in part:
        shown["format"] = _kind(part, "format")
    if shown["type"] == "BUTTONS":
        shown["buttons"] = [_in_capitals(button) for button in part["buttons"]]
    if shown["type"] == "CAROUSEL":
        shown["cards"] = [
            {**card, "components": [_in_capitals(one) for one in card["components"]]}
            for card in part["cards"]
        ]
    return shown


def _kind(part: Json, key: str = "type") -> str:
    return str(part.get(key, "")).upper()


def _objects(given: Any, name: str) -> list[Json]:
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise GraphError(100, f"Param {name} must be an array of JSON objects.")
    return given


def _check_part(part: Json, most: int, buttons: int) -> None:
    kind, words = _kind(part), str(part.get("text", ""))
    if len(words) > most:
        raise GraphError(100, f"components: {kind} is too long.", subcode=TOO_LONG)
    if kind == "FOOTER" and VARIABLE.search(words):
        raise GraphError(100, "components: FOOTER must not hold variables.", subcode=FOOTER)
    if kind == "BODY" and VARIABLE.search(words):
        if re.match(r"\s*\{\{|.*\}\}\s*$", words, re.S):
            raise GraphError(100, "BODY begins or ends with a variable.", subcode=AT_THE_EDGE)
        if not part.get("example"):
            raise GraphError(100, "BODY: example values are needed.", subcode=NO_EXAMPLE)
    if kind == "BUTTONS":
        _check_buttons(_objects(part.get("buttons"), "buttons"), buttons)


def _check_buttons(buttons: list[Json], most: int) -> None:
    if not 0 < len(buttons) <= most:
        raise GraphError(100, f"BUTTONS: 1 to {most} buttons.", subcode=TOO_LONG)
    for button in buttons:
        if len(str(button.get("text", ""))) > LABEL:
            raise GraphError(100, f"BUTTONS: a label of at most {LABEL}.", subcode=TOO_LONG)
        url = str(button.get("url", ""))
        if _kind(button) == "URL" and not (re.match(r"https?://", url) and len(url) <= URL):
            raise GraphError(100, "BUTTONS: a URL button needs a valid url.")


def _check_cards(carousel: Json) -> None:
    """Two to ten cards, all with the same header, buttons, and with a body or without."""
    cards = _objects(carousel.get("cards"), "cards")
    if not 2 <= len(cards) <= 10:
        raise GraphError(100, "CAROUSEL: 2 to 10 cards.")
    shapes = [_shape(_objects(card.get("components"), "cards.components")) for card in cards]
    if any(shape != shapes[0] for shape in shapes):
        raise GraphError(100, "CAROUSEL: all cards must have the same components.")


def _shape(parts: list[Json]) -> tuple[str, ...]:
    found = {_kind(part): part for part in parts}
    if len(found) < len(parts) or not set(found) <= {"HEADER", "BODY", "BUTTONS"}:
        raise GraphError(100, "CAROUSEL: a card is one HEADER, one BODY and one BUTTONS.")
    header = found.get("HEADER", {})
    file = _kind(header, "format")
    if file not in ("IMAGE", "VIDEO", "PRODUCT"):
        raise GraphError(100, "CAROUSEL: a card's HEADER is an image or a video.", subcode=HEADER)
    if "BODY" in found and not found["BODY"].get("text"):
        raise GraphError(100, "CAROUSEL: a BODY needs a text.", subcode=BODY)
    for part in parts:
        _check_part(part, CARD_BODY, 1 if file == "PRODUCT" else CARD_BUTTONS)
    buttons = found.get("BUTTONS", {}).get("buttons") or []
    return (file, *sorted(found), *(_kind(button) for button in buttons))


def _check_offer(offer: Json, components: list[Json]) -> None:
    """Sixteen characters about the offer; beside it no footer and a shorter body."""
    inner = offer.get("limited_time_offer")
    words = inner.get("text") if isinstance(inner, dict) else None
    if not isinstance(words, str) or not words:
        raise GraphError(100, "LIMITED_TIME_OFFER: Param limited_time_offer['text'] is required.")
    if len(words) > OFFER_TEXT:
        raise GraphError(100, "LIMITED_TIME_OFFER: its text is too long.", subcode=TOO_LONG)
    for part in components:
        if _kind(part) == "FOOTER":
            raise GraphError(100, "LIMITED_TIME_OFFER: a FOOTER is not supported.", subcode=FOOTER)
        if _kind(part) == "HEADER" and _kind(part, "format") not in ("IMAGE", "VIDEO"):
            raise GraphError(100, "LIMITED_TIME_OFFER: IMAGE or VIDEO only.", subcode=HEADER)
        if _kind(part) == "BODY" and len(str(part.get("text", ""))) > OFFER_BODY:
            raise GraphError(100, "LIMITED_TIME_OFFER: BODY is too long.", subcode=TOO_LONG)
        if _kind(part) == "BUTTONS" and "COPY_CODE" in [_kind(b) for b in part["buttons"][1:]]:
            raise GraphError(100, "LIMITED_TIME_OFFER: the COPY_CODE button must be the first.")
