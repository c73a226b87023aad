"""Carousels and limited-time offers of a new template: at each limit, and one past it."""

from typing import Any

import pytest

from channels.providers.contract import InvalidMessage
from channels.providers.whatsapp.tests.test_template_rules import (
    CALL,
    NAMED,
    SHOWN,
    body,
    buttons,
    check,
    code,
    header,
    reply,
    url,
)

FILE = header("IMAGE", example={"header_handle": ["4::a"]})
FILM = header("VIDEO", example={"header_handle": ["4::a"]})
PRODUCT = header("PRODUCT")
VIEW = {"type": "SPM", "text": "View"}
HERE = "components.1"


def card(*parts: Any) -> dict[str, Any]:
    return {"components": list(parts or (FILE, body("Blue"), buttons(reply(), url())))}


def cards(*given: Any) -> dict[str, Any]:
    return {"type": "CAROUSEL", "cards": list(given)}


def pair(*parts: Any) -> dict[str, Any]:
    return cards(card(*parts), card(*parts))


def offer(text: Any = "Expiring offer!", **more: Any) -> dict[str, Any]:
    given = {"text": text, "has_expiration": True, **more}
    return {"type": "LIMITED_TIME_OFFER", "limited_time_offer": given}


def marketing(*parts: Any, **more: Any) -> None:
    check(*parts, **({"category": "MARKETING"} | more))


GOOD: list[tuple[Any, ...]] = [
    (body(), cards(*[card()] * 2)),
    (body(), cards(*[card()] * 10)),
    (body(), pair(FILE)),
    (body(), pair(FILM, buttons(CALL))),
    (body(), pair(FILE, body("x" * 160), buttons(reply("x" * 25), reply()))),
    (body(), pair(FILE, body("For {{1}} only", example={"body_text": [["Noa"]]}))),
    (body(), pair(PRODUCT, buttons(VIEW))),
    (body(), pair(PRODUCT, buttons(url("https://a.example/{{1}}", example=["7"])))),
    ({"type": "body", "text": "Hi"}, {"type": "carousel", "cards": [
        {"components": [{"type": "header", "format": "product"}]}] * 2}),
    (body("x" * 600), offer("x" * 16)),
    (body(), offer(has_expiration=False), FILE, buttons(url())),
    (body(), {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Now"}}),
    (body(), offer(), FILM, buttons(code("x" * 15), url())),
]  # fmt: skip


@pytest.mark.parametrize("parts", GOOD, ids=range(len(GOOD)))
def test_what_is_within_the_limits_passes(parts: tuple[Any, ...]) -> None:
    marketing(*parts)


CARD = f"{HERE}.cards.1"
OFFER = f"{HERE}.limited_time_offer"
BAD_CARDS: list[tuple[str, int | None, Any]] = [
    (f"{HERE}.cards", 2, {"type": "CAROUSEL"}),
    (f"{HERE}.cards", 2, cards(card())),
    (f"{HERE}.cards", 10, cards(*[card()] * 11)),
    (f"{HERE}.cards.0.components", None, cards("x", "y")),
    (f"{CARD}.components", None, cards(card(FILE), card(body()))),
    (f"{CARD}.components.0.type", None, cards(card(FILE), card({"type": "FOOTER", "text": "x"}))),
    (f"{CARD}.components.1", 1, cards(card(FILE), card(FILE, FILE))),
    (f"{CARD}.components.0.format", None, cards(card(FILE), card(header(text="x")))),
    (f"{CARD}.components.0.example.header_handle", None, cards(card(FILE), card(header("IMAGE")))),
    (f"{CARD}.components.1.text", 160,
     cards(card(FILE, body()), card(FILE, body("x" * 161)))),
    (f"{CARD}.components.1.text", None, cards(card(FILE, body()), card(FILE, body(" ")))),
    (f"{CARD}.components.1.example.body_text", None,
     cards(card(FILE, body()), card(FILE, body("a {{1}} b")))),
    (f"{CARD}.components.1.buttons", 2,
     cards(card(FILE, buttons(url())), card(FILE, buttons(url(), url(), url())))),
    (f"{CARD}.components.1.buttons", 2, cards(card(FILE, buttons(url())), card(FILE, buttons()))),
    (f"{CARD}.components.1.buttons.0.url", 2000,
     cards(card(FILE, buttons(url())), card(FILE, buttons(url("nonsense"))))),
    (f"{CARD}.components.1.buttons.0.text", 25,
     cards(card(FILE, buttons(url())), card(FILE, buttons(url(text="x" * 26))))),
    (f"{CARD}.components.1.buttons.0.type", None,
     cards(card(FILE, buttons(url())), card(FILE, buttons(code("x"))))),
    (f"{CARD}.components.1.buttons", 1,
     cards(card(PRODUCT, buttons(VIEW)), card(PRODUCT, buttons(VIEW, VIEW)))),
    (f"{CARD}.components.1.buttons.0.type", None,
     cards(card(PRODUCT, buttons(VIEW)), card(PRODUCT, buttons(reply())))),
    (CARD, None, cards(card(FILE), card(FILM))),
    (CARD, None, cards(card(FILE, body()), card(FILE))),
    (CARD, None, cards(card(FILE), card(FILE, body()))),
    (CARD, None, cards(card(FILE, buttons(url())), card(FILE, buttons(reply())))),
    (CARD, None, cards(card(FILE, buttons(url(), reply())), card(FILE, buttons(reply(), url())))),
]  # fmt: skip


@pytest.mark.parametrize(("field", "limit", "part"), BAD_CARDS, ids=range(len(BAD_CARDS)))
def test_a_carousel_past_a_limit_is_refused_by_name(
    field: str, limit: int | None, part: Any
) -> None:
    with pytest.raises(InvalidMessage) as refused:
        marketing(body(), part)
    assert (refused.value.field, refused.value.limit) == (field, limit)


BAD_OFFERS: list[tuple[str, int | None, tuple[Any, ...]]] = [
    (f"{OFFER}.text", None, (body(), {"type": "LIMITED_TIME_OFFER"})),
    (f"{OFFER}.text", None, (body(), {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {}})),
    (f"{OFFER}.text", None, (body(), offer(" "))),
    (f"{OFFER}.text", 16, (body(), offer("x" * 17))),
    (f"{OFFER}.has_expiration", None, (body(), offer(has_expiration="yes"))),
    ("components.0.text", 600, (body("x" * 601), offer())),
    ("components.2", None, (body(), offer(), {"type": "FOOTER", "text": "x"})),
    ("components.2.format", None, (body(), offer(), header(text="x"))),
    ("components.2.buttons", None, (body(), offer(), buttons(url(), code("x")))),
    ("components.2.buttons.0.example", 15, (body(), offer(), buttons(code("x" * 16)))),
]


@pytest.mark.parametrize(("field", "limit", "parts"), BAD_OFFERS, ids=range(len(BAD_OFFERS)))
def test_an_offer_past_a_limit_is_refused_by_name(
    field: str, limit: int | None, parts: tuple[Any, ...]
) -> None:
    with pytest.raises(InvalidMessage) as refused:
        marketing(*parts)
    assert (refused.value.field, refused.value.limit) == (field, limit)


@pytest.mark.parametrize("part", [pair(FILE), offer()], ids=["carousel", "offer"])
@pytest.mark.parametrize("category", ["UTILITY", "AUTHENTICATION"])
def test_only_marketing_has_carousels_and_offers(part: Any, category: str) -> None:
    with pytest.raises(InvalidMessage) as refused:
        check(body(), part, category=category)
    assert refused.value.field == HERE


def test_cards_name_their_parameters_as_the_template_does() -> None:
    named = pair(FILE, body(NAMED, example=SHOWN))
    marketing(body(), named, parameter_format="NAMED")
    with pytest.raises(InvalidMessage) as refused:
        marketing(body(), named)
    assert refused.value.field == f"{HERE}.cards.0.components.1.text"
