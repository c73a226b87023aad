"""Quick replies, buttons, cards and products: what Meta documents, at each limit and past it."""

from typing import Any

from channels.providers.contract import OutboundMessage
from channels.providers.instagram.tests.outgoing import LINK, interactive, refused, said

REPLY = {"title": "M", "payload": "SIZE_M"}
PRESS = {"title": "Order", "payload": "ORDER"}


def test_quick_replies() -> None:
    replies = [REPLY, {"title": "L", "id": "SIZE_L"}, {"content_type": "user_email"}]
    assert said(interactive("Which?", type="quick_replies", quick_replies=replies)) == {
        "text": "Which?",
        "quick_replies": [
            {"content_type": "text", "title": "M", "payload": "SIZE_M"},
            {"content_type": "text", "title": "L", "payload": "SIZE_L"},
            {"content_type": "user_email"},
        ],
    }
    by_body = interactive(type="quick_replies", body="Which?", quick_replies=[REPLY])
    assert said(by_body)["text"] == "Which?"


def replied(*replies: Any, text: str = "?") -> OutboundMessage:
    return interactive(text, type="quick_replies", quick_replies=list(replies))


def test_quick_replies_at_their_limits() -> None:
    assert said(replied(*[REPLY] * 13))
    assert refused(replied(*[REPLY] * 14)) == ("interactive.quick_replies", 13)
    assert refused(replied()) == ("interactive.quick_replies", 13)
    first = "interactive.quick_replies[0]"
    assert said(replied(REPLY | {"title": "x" * 20}))
    assert refused(replied(REPLY | {"title": "x" * 21})) == (f"{first}.title", 20)
    assert refused(replied({"payload": "x"})) == (f"{first}.title", 20)
    assert said(replied(REPLY | {"payload": "x" * 1000}))
    assert refused(replied(REPLY | {"payload": "x" * 1001})) == (f"{first}.payload", 1000)
    assert refused(replied({"title": "M"})) == (f"{first}.payload", None)
    assert refused(replied({"content_type": "location"})) == (f"{first}.content_type", None)
    assert refused(replied(REPLY | {"image_url": "x"})) == (f"{first}.image_url", None)
    assert refused(replied(REPLY, text="")) == ("text", None)
    assert said(replied(REPLY, text="é" * 500))
    assert refused(replied(REPLY, text="é" * 500 + ".")) == ("text", 1000)


def buttons(*given: Any, text: str = "Buy?") -> OutboundMessage:
    return interactive(text, type="button", buttons=list(given))


def test_button_template() -> None:
    shop = {"title": "Shop", "url": "https://example.com"}
    assert said(buttons(PRESS, shop))["attachment"] == {
        "type": "template",
        "payload": {
            "template_type": "button",
            "text": "Buy?",
            "buttons": [
                {"type": "postback", "title": "Order", "payload": "ORDER"},
                {"type": "web_url", "title": "Shop", "url": "https://example.com"},
            ],
        },
    }


def test_button_template_at_its_limits() -> None:
    assert said(buttons(PRESS, PRESS, PRESS))
    assert refused(buttons(PRESS, PRESS, PRESS, PRESS)) == ("interactive.buttons", 3)
    assert refused(buttons()) == ("interactive.buttons", 3)
    assert said(buttons(PRESS, text="א" * 640))
    assert refused(buttons(PRESS, text="א" * 641)) == ("text", 640)
    assert refused(buttons(PRESS, text=" ")) == ("text", None)
    first = "interactive.buttons[0]"
    assert said(buttons(PRESS | {"title": "x" * 20}))
    assert refused(buttons(PRESS | {"title": "x" * 21})) == (f"{first}.title", 20)
    assert said(buttons(PRESS | {"payload": "x" * 1000}))
    assert refused(buttons(PRESS | {"payload": "x" * 1001})) == (f"{first}.payload", 1000)
    assert refused(buttons({"title": "Order"})) == (f"{first}.payload", None)
    assert refused(buttons({"title": "Shop", "url": "example.com"})) == (f"{first}.url", None)
    assert refused(buttons("press")) == (f"{first}.title", 20)


def cards(*given: Any) -> OutboundMessage:
    return interactive(type="generic", elements=list(given))


CARD = {"title": "Blue one", "subtitle": "49", "image_url": LINK, "url": "https://example.com/b"}


def test_generic_template() -> None:
    payload = said(cards(CARD | {"buttons": [PRESS]}))["attachment"]["payload"]
    assert payload["template_type"] == "generic"
    assert payload["elements"] == [
        {
            "title": "Blue one",
            "subtitle": "49",
            "image_url": LINK,
            "default_action": {"type": "web_url", "url": "https://example.com/b"},
            "buttons": [{"type": "postback", "title": "Order", "payload": "ORDER"}],
        }
    ]


def test_generic_template_at_its_limits() -> None:
    assert said(cards(*[CARD] * 10))
    assert refused(cards(*[CARD] * 11)) == ("interactive.elements", 10)
    assert refused(cards()) == ("interactive.elements", 10)
    first = "interactive.elements[0]"
    for name in ("title", "subtitle"):
        assert said(cards(CARD | {name: "x" * 80}))
        assert refused(cards(CARD | {name: "x" * 81})) == (f"{first}.{name}", 80)
    assert said(cards(CARD | {"buttons": [PRESS] * 3}))
    assert refused(cards(CARD | {"buttons": [PRESS] * 4})) == (f"{first}.buttons", 3)
    assert refused(cards(CARD | {"buttons": "x"})) == (f"{first}.buttons", 3)
    assert refused(cards({"title": "alone"})) == (first, None)
    assert refused(cards({"subtitle": "x"})) == (f"{first}.title", 80)
    assert refused(cards(CARD | {"image_url": "x"})) == (f"{first}.image_url", None)
    assert refused(cards("card")) == (f"{first}.title", 80)


def test_products_at_their_limit() -> None:
    ten = [str(number) for number in range(10)]
    payload = said(interactive(type="product", products=ten))["attachment"]["payload"]
    assert payload["elements"][9] == {"id": "9"}
    many = interactive(type="product", products=[*ten, "10"])
    assert refused(many) == ("interactive.products", 10)
    assert refused(interactive(type="product", products=[7]))[0] == "interactive.products"
