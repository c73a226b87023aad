"""Every component of a template, with every kind of parameter that it takes."""

import dataclasses
from typing import Any

import pytest

from channels.providers.events import Identity
from channels.providers.whatsapp.definition import template_parameters
from channels.providers.whatsapp.tests.test_template import components, refusal, template
from channels.providers.whatsapp.validate import validate


def test_amounts_and_times() -> None:
    time = {"type": "date_time", "date_time": {"fallback_value": "Monday 10:00"}}
    assert components(template(body={"when": time}))[0]["parameters"] == [
        time | {"parameter_name": "when"}
    ]


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"type": "currency", "currency": {"fallback_value": "$1", "code": "USD"}},
         "currency.amount_1000"),
        ({"type": "currency", "currency": {"code": "USD", "amount_1000": 1}},
         "currency.fallback_value"),
        ({"type": "currency", "currency": {"fallback_value": "$1", "amount_1000": 1}},
         "currency.code"),
        ({"type": "currency"}, "currency"),
        ({"type": "date_time", "date_time": {}}, "date_time.fallback_value"),
    ],
)  # fmt: skip
def test_an_incomplete_amount_or_time_is_named(value: Any, field: str) -> None:
    assert refusal(template(body=[value])).field == f"template.body.0.{field}"


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a     b"])
def test_a_parameter_breaks_no_line(text: str) -> None:
    assert refusal(template(body=["ok", text])).field == "template.body.1"
    assert refusal(template(header=text)).field == "template.header"


@pytest.mark.parametrize(
    ("button", "sub_type", "parameters"),
    [
        ({"type": "otp", "text": "123456"}, "url", [{"type": "text", "text": "123456"}]),
        ({"type": "flow"}, "flow", None),
        (
            {"type": "flow", "token": "t", "data": {"day": 1}},
            "flow",
            [
                {
                    "type": "action",
                    "action": {"flow_token": "t", "flow_action_data": {"day": 1}},
                }
            ],
        ),
        ({"type": "catalog"}, "catalog", None),
        (
            {"type": "catalog", "thumbnail_product_retailer_id": "S"},
            "catalog",
            [{"type": "action", "action": {"thumbnail_product_retailer_id": "S"}}],
        ),
        (
            {
                "type": "mpm",
                "thumbnail_product_retailer_id": "S",
                "sections": [{"title": "A", "product_items": [{"product_retailer_id": "S"}]}],
            },
            "mpm",
            [
                {
                    "type": "action",
                    "action": {
                        "thumbnail_product_retailer_id": "S",
                        "sections": [
                            {"title": "A", "product_items": [{"product_retailer_id": "S"}]}
                        ],
                    },
                }
            ],
        ),
        (
            {"type": "order_details", "order_details": {"reference_id": "r"}},
            "order_details",
            [{"type": "action", "action": {"order_details": {"reference_id": "r"}}}],
        ),
        (
            {"type": "voice_call", "payload": "p", "ttl_minutes": 100},
            "voice_call",
            [{"type": "payload", "payload": "p"}, {"type": "ttl_minutes", "ttl_minutes": "100"}],
        ),
    ],
)
def test_every_kind_of_button(button: Any, sub_type: str, parameters: Any) -> None:
    (sent,) = components(template(buttons=[button]))
    assert (sent["sub_type"], sent["index"]) == (sub_type, "0")
    assert sent.get("parameters") == parameters


CARD = {
    "header": {"image": {"link": "https://e.com/1.png"}},
    "body": ["Blue"],
    "buttons": [{"type": "quick_reply", "payload": "blue"}, {"type": "url", "text": "b/1"}],
}


def test_cards_have_components_of_their_own() -> None:
    body, carousel = components(template(body=["Noa"], cards=[CARD, CARD]))
    assert (body["type"], carousel["type"]) == ("body", "carousel")
    second = carousel["cards"][1]
    assert second["card_index"] == 1
    assert [part["type"] for part in second["components"]] == ["header", "body", "button", "button"]
    assert [part["index"] for part in second["components"][2:]] == ["0", "1"]


def test_components_of_one_value() -> None:
    ends = {"expiration_time_ms": 1798761600000}
    target = {"url": "https://e.com", "title": "Open"}
    order = {"reference_id": "r", "order": {"status": "shipped"}}
    sent = components(
        template(limited_time_offer=ends, tap_target_configuration=target, order_status=order)
    )
    assert sent == [
        {"type": kind, "parameters": [{"type": kind, kind: value}]}
        for kind, value in (
            ("limited_time_offer", ends),
            ("tap_target_configuration", [target]),
            ("order_status", order),
        )
    ]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"limited_time_offer": {"expiration_time_ms": "soon"}},
         "limited_time_offer.expiration_time_ms"),
        ({"order_status": "shipped"}, "order_status"),
        ({"cards": "x"}, "cards"),
        ({"cards": [CARD]}, "cards"),
        ({"cards": [CARD, 7]}, "cards.1"),
        ({"cards": [CARD, {**CARD, "body": [""]}]}, "cards.1.body.0"),
        ({"cards": [CARD, {**CARD, "header": {"image": {"link": "x"}}}]}, "cards.1.header"),
        ({"cards": [CARD, {**CARD, "buttons": [{"type": "url"}]}]}, "cards.1.buttons.0.text"),
        ({"header": {"product": {"catalog_id": "5"}}}, "header.product.product_retailer_id"),
        ({"header": {"location": {"latitude": 91, "longitude": 0}}}, "header.location.latitude"),
        ({"buttons": [{"type": "flow", "data": "x"}]}, "buttons.0.data"),
        ({"buttons": [{"type": "mpm", "thumbnail_product_retailer_id": "S"}]},
         "buttons.0.sections"),
        ({"buttons": [{"type": "flow", "token": 7}]}, "buttons.0.token"),
        ({"buttons": [{"type": "catalog", "thumbnail_product_retailer_id": 7}]},
         "buttons.0.thumbnail_product_retailer_id"),
        ({"buttons": [{"type": "order_details"}]}, "buttons.0.order_details"),
    ],
)  # fmt: skip
def test_incomplete_components_are_named(content: dict[str, Any], field: str) -> None:
    assert refusal(template(**content)).field == f"template.{field}"


def test_the_definition_says_what_cards_and_offers_are_expected() -> None:
    card = {
        "components": [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "From {{1}}"},
            {"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://e.com/{{1}}"}]},
        ]
    }
    known = [{"type": "CAROUSEL", "cards": [card, card]}, {"type": "LIMITED_TIME_OFFER"}]
    expected = template_parameters(known)
    of_card = {"header": "image", "body": 1, "buttons": [0]}
    assert expected == {"body": 0, "cards": [of_card, of_card], "limited_time_offer": True}
    offer = {"expiration_time_ms": 1798761600000}
    whole = {**CARD, "buttons": [{"type": "url", "text": "b/1"}]}
    validate(template(expected=expected, limited_time_offer=offer, cards=[whole, whole]))
    for content, field in (
        ({"cards": [whole, whole]}, "limited_time_offer"),
        ({"cards": [whole], "limited_time_offer": offer}, "cards"),
        ({"cards": [whole, {**whole, "body": []}], "limited_time_offer": offer}, "cards.1.body.0"),
        ({"cards": [whole, {**whole, "buttons": []}], "limited_time_offer": offer},
         "cards.1.buttons.0"),
    ):  # fmt: skip
        assert refusal(template(expected=expected, **content)).field == f"template.{field}"


@pytest.mark.parametrize(
    "button",
    [{"type": "OTP"}, {"type": "URL", "url": "https://w.example/otp?otp_type=ONE_TAP&code={{1}}"}],
)
def test_a_one_time_code_goes_to_a_phone_only(button: dict[str, str]) -> None:
    expected = template_parameters([{"type": "BUTTONS", "buttons": [button]}])
    assert expected == {"body": 0, "buttons": [0], "needs_phone": True}
    code = template(expected=expected, buttons=[{"type": "otp", "text": "123456"}])
    validate(code)
    scoped = (Identity(kind="bsuid", value="IL.48213377190011245"),)
    assert refusal(dataclasses.replace(code, recipient=scoped)).field == "recipient"


def test_a_named_header_gets_its_name_from_the_definition() -> None:
    known = [{"type": "HEADER", "format": "TEXT", "text": "For {{who}}"}]
    expected = template_parameters(known, "NAMED")
    assert expected == {"body": 0, "header": "text", "header_name": "who"}
    named = {"type": "text", "text": "Noa", "parameter_name": "who"}
    for header in ("Noa", {"text": "Noa"}, named):
        sent = components(template(expected=expected, header=header))
        assert sent == [{"type": "header", "parameters": [named]}]


def test_a_header_that_takes_nothing_is_given_nothing() -> None:
    given = template(expected=template_parameters([{"type": "BODY", "text": "Hi"}]), header="Noa")
    assert refusal(given).field == "template.header"
