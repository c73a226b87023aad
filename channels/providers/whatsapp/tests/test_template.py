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
