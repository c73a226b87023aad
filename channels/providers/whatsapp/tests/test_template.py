"""Templates carry their parameters in Meta's components; a missing one is named beforehand."""

from typing import Any

import pytest

from channels.providers.contract import InvalidMessage, OutboundMedia, OutboundMessage
from channels.providers.events import Identity
from channels.providers.whatsapp.compose import compose
from channels.providers.whatsapp.definition import template_parameters
from channels.providers.whatsapp.validate import validate

NOA = (Identity(kind="wa_id", value="972501234567"),)


def template(media: OutboundMedia | None = None, **content: Any) -> OutboundMessage:
    return OutboundMessage(
        callback_data="msg:1",
        type="template",
        recipient=NOA,
        media=media,
        content={"name": "pickup_ready", "language": "en_US"} | content,
    )


def components(given: OutboundMessage) -> Any:
    return compose(given)["template"].get("components")


def refusal(given: OutboundMessage) -> InvalidMessage:
    with pytest.raises(InvalidMessage) as caught:
        validate(given)
    return caught.value


def test_a_template_without_parameters() -> None:
    assert compose(template())["template"] == {
        "name": "pickup_ready",
        "language": {"code": "en_US"},
    }


def test_positional_and_named_parameters() -> None:
    assert components(template(body=["Noa", 10, 2.5])) == [
        {
            "type": "body",
            "parameters": [
                {"type": "text", "text": "Noa"},
                {"type": "text", "text": "10"},
                {"type": "text", "text": "2.5"},
            ],
        }
    ]
    assert components(
        template(body={"first_name": "Noa", "slot": {"type": "text", "text": "9"}})
    ) == [
        {
            "type": "body",
            "parameters": [
                {"type": "text", "text": "Noa", "parameter_name": "first_name"},
                {"type": "text", "text": "9", "parameter_name": "slot"},
            ],
        }
    ]


def test_typed_parameters_pass_as_given() -> None:
    money = {
        "type": "currency",
        "currency": {"fallback_value": "$1", "code": "USD", "amount_1000": 1000},
    }
    assert components(template(body=[money]))[0]["parameters"] == [money]


@pytest.mark.parametrize(
    ("header", "parameter"),
    [
        ("Hello", {"type": "text", "text": "Hello"}),
        ({"text": "Hello"}, {"type": "text", "text": "Hello"}),
        (
            {"type": "text", "text": "Hi", "parameter_name": "who"},
            {"type": "text", "text": "Hi", "parameter_name": "who"},
        ),
        (
            {"image": {"link": "https://e.com/a.png"}},
            {"type": "image", "image": {"link": "https://e.com/a.png"}},
        ),
        (
            {"type": "document", "document": {"id": "84", "filename": "a.pdf"}},
            {"type": "document", "document": {"id": "84", "filename": "a.pdf"}},
        ),
        (
            {"location": {"latitude": 32.08, "longitude": -34, "name": "Shop"}},
            {
                "type": "location",
                "location": {"latitude": "32.08", "longitude": "-34", "name": "Shop"},
            },
        ),
        (
            {"product": {"catalog_id": "55", "product_retailer_id": "SKU-1"}},
            {"type": "product", "product": {"catalog_id": "55", "product_retailer_id": "SKU-1"}},
        ),
    ],
)
def test_headers(header: Any, parameter: Any) -> None:
    assert components(template(header=header)) == [{"type": "header", "parameters": [parameter]}]


def test_a_header_takes_the_uploaded_file() -> None:
    media = OutboundMedia(provider_id="900", filename="b.pdf")
    sent = components(template(media=media, header={"type": "document", "document": {"id": "old"}}))
    assert sent[0]["parameters"] == [
        {"type": "document", "document": {"id": "900", "filename": "b.pdf"}}
    ]


def test_buttons() -> None:
    buttons = [
        {"type": "url", "text": "o/991"},
        {"type": "quick_reply", "index": 3, "payload": "late-991"},
        {"type": "copy_code", "coupon_code": "SAVE"},
        {"type": "flow", "parameters": [{"type": "action", "action": {"flow_token": "t"}}]},
    ]
    sent = components(template(buttons=buttons))
    assert [(part["sub_type"], part["index"]) for part in sent] == [
        ("url", "0"),
        ("quick_reply", "3"),
        ("copy_code", "2"),
        ("flow", "3"),
    ]
    assert sent[0]["parameters"] == [{"type": "text", "text": "o/991"}]
    assert sent[1]["parameters"] == [{"type": "payload", "payload": "late-991"}]
    assert sent[2]["parameters"] == [{"type": "coupon_code", "coupon_code": "SAVE"}]


def test_components_come_in_metas_order() -> None:
    sent = components(template(header="h", body=["b"], buttons=[{"type": "url", "text": "u"}]))
    assert [part["type"] for part in sent] == ["header", "body", "button"]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"name": ""}, "template.name"),
        ({"name": None}, "template.name"),
        ({"name": "Has Spaces"}, "template.name"),
        ({"name": "n" * 513}, "template.name"),
        ({"language": ""}, "template.language"),
        ({"language": {"code": "en"}}, "template.language"),
        ({"body": "text"}, "template.body"),
        ({"body": ["ok", ""]}, "template.body.1"),
        ({"body": [None]}, "template.body.0"),
        ({"body": [["list"]]}, "template.body.0"),
        ({"body": {"slot": None}}, "template.body.slot"),
        ({"header": {"type": "hologram"}}, "template.header"),
        ({"header": {"image": {"media_id": "ours"}}}, "template.header"),
        ({"header": "h" * 61}, "template.header"),
        ({"buttons": "x"}, "template.buttons"),
        ({"buttons": [{"type": "url"}]}, "template.buttons.0.text"),
        ({"buttons": [{"type": "mpm"}]}, "template.buttons.0.thumbnail_product_retailer_id"),
        ({"buttons": [{"type": "spell"}]}, "template.buttons.0"),
        ({"buttons": [7]}, "template.buttons.0"),
        ({"buttons": [{"type": "url", "text": "x"}] * 11}, "template.buttons"),
    ],
)
def test_malformed_templates_are_refused_by_field(content: dict[str, Any], field: str) -> None:
    assert refusal(template(**content)).field == field


def test_parameter_length_depends_on_what_stands_beside() -> None:
    assert components(template(body=["x" * 32768]))
    assert refusal(template(body=["x" * 32769])).limit == 32768
    assert refusal(template(header="h", body=["x" * 1025])).limit == 1024


@pytest.mark.parametrize(
    ("content", "field", "says"),
    [
        ({"expected": {"body": 2}, "body": ["one"]}, "template.body.1", "{{2}}"),
        ({"expected": {"body": 2}}, "template.body.0", "{{1}}"),
        ({"expected": {"body": ["slot"]}}, "template.body.slot", "{{slot}}"),
        ({"expected": {"body": ["a", "b"]}, "body": {"a": "1"}}, "template.body.b", "{{b}}"),
        ({"expected": {"body": ["a"]}, "body": {"a": "1", "z": "2"}}, "template.body.z", "no such"),
        ({"expected": {"body": 1}, "body": ["a", "b"]}, "template.body", "takes 1"),
        ({"expected": {"body": 0}, "body": ["a"]}, "template.body", "takes 0"),
        ({"expected": {"body": 1}, "body": {"a": "1"}}, "template.body", "position"),
        ({"expected": {"body": ["a"]}, "body": ["1"]}, "template.body", "name"),
        ({"expected": {"header": "image"}}, "template.header", "header"),
        ({"expected": {"header": "image"}, "header": "text"}, "template.header", "image"),
        ({"expected": {"buttons": [1]}}, "template.buttons.1", "button 1"),
    ],
)
def test_what_the_definition_expects_is_named(
    content: dict[str, Any], field: str, says: str
) -> None:
    found = refusal(template(**content))
    assert found.field == field
    assert says in found.message


def test_a_template_that_meets_its_definition_passes() -> None:
    validate(template(expected={"body": 2}, body=["a", "b"]))
    validate(template(expected={"body": ["a"], "header": "text"}, body={"a": "1"}, header="h"))
    validate(template(expected={"buttons": [0]}, buttons=[{"type": "url", "text": "x"}]))
    assert "expected" not in compose(template(expected={"body": 0}))["template"]


@pytest.mark.parametrize(
    ("components", "parameter_format", "expected"),
    [
        ([{"type": "BODY", "text": "Hi {{1}}, at {{2}}, {{1}}"}], "POSITIONAL", {"body": 2}),
        (
            [{"type": "BODY", "text": "Hi {{who}} at {{ slot }}"}],
            "NAMED",
            {"body": ["who", "slot"]},
        ),
        ([{"type": "BODY", "text": "Hi"}], "NAMED", {"body": []}),
        ([{"type": "HEADER", "format": "IMAGE"}], "POSITIONAL", {"body": 0, "header": "image"}),
        (
            [{"type": "header", "format": "TEXT", "text": "For {{1}}"}],
            "POSITIONAL",
            {"body": 0, "header": "text"},
        ),
        ([{"type": "HEADER", "format": "TEXT", "text": "Fixed"}], "POSITIONAL", {"body": 0}),
        (
            [
                {
                    "type": "BUTTONS",
                    "buttons": [
                        {"type": "QUICK_REPLY", "text": "ok"},
                        {"type": "URL", "url": "https://e.com/{{1}}"},
                        {"type": "URL", "url": "https://e.com"},
                        {"type": "COPY_CODE"},
                    ],
                }
            ],
            "POSITIONAL",
            {"body": 0, "buttons": [1, 3]},
        ),
        ("nonsense", "POSITIONAL", {"body": 0}),
        ([7, {"type": ["BODY"]}], "POSITIONAL", {"body": 0}),
    ],
)
def test_the_definition_says_what_is_expected(
    components: Any, parameter_format: str, expected: dict[str, Any]
) -> None:
    assert template_parameters(components, parameter_format) == expected


# ----------------------------------------------------------------- every component and parameter


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
