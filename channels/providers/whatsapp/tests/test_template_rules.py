"""What Meta would not review is found before it is asked: at each limit, and one past it."""

from typing import Any

import pytest

from channels.providers.contract import InvalidMessage
from channels.providers.whatsapp.provider import WHATSAPP


def body(text: str = "Hi", **more: Any) -> dict[str, Any]:
    return {"type": "BODY", "text": text, **more}


def buttons(*given: Any) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(given)}


def reply(text: str = "Yes") -> dict[str, Any]:
    return {"type": "QUICK_REPLY", "text": text}


def url(address: str = "https://a.example/", text: str = "Open", **more: Any) -> dict[str, Any]:
    return {"type": "URL", "text": text, "url": address, **more}


def code(example: Any) -> dict[str, Any]:
    return {"type": "COPY_CODE", "example": example}


def header(kind: str = "TEXT", **more: Any) -> dict[str, Any]:
    return {"type": "HEADER", "format": kind, **more}


CALL = {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+97225550142"}
ONE, NAMED = "Hi {{1}}, hello", "Hi {{first_name}}, hello"
SHOWN = {"body_text_named_params": [{"param_name": "first_name", "example": "Noa"}]}


def check(*parts: Any, **more: Any) -> None:
    given = {"name": "a", "category": "UTILITY", "language": "en_US",
             "parameter_format": "POSITIONAL", "components": list(parts) or [body()]}  # fmt: skip
    WHATSAPP.validate_template(**(given | more))


GOOD: list[tuple[Any, ...]] = [
    (body("x" * 1024),),
    (body(ONE, example={"body_text": [["Noa"]]}),),
    (body("a {{2}} b {{1}} c {{1}} d", example={"body_text": [["x", "y"]]}),),
    (body(), header(text="x" * 60), {"type": "FOOTER", "text": "x" * 60}),
    (body(), header(text="For {{1}}", example={"header_text": ["Noa"]})),
    (body(), header("IMAGE", example={"header_handle": ["4::a"]})),
    (body(), header("LOCATION")),
    (body(), buttons(*[reply("x" * 25)] * 10)),
    (body(), buttons(reply(), reply(), url(), url("https://a.example/" + "x" * 1982), CALL)),
    (body(), buttons(url("https://a.example/{{1}}", example=["https://a.example/7"]))),
    (body(), buttons(code("x" * 15), {"type": "CATALOG", "text": "See"})),
    ({"type": "body", "text": "Hi"},),
]


@pytest.mark.parametrize("parts", GOOD, ids=range(len(GOOD)))
def test_what_is_within_the_limits_passes(parts: tuple[Any, ...]) -> None:
    check(*parts)


BAD: list[tuple[str, int | None, tuple[Any, ...]]] = [
    ("components.0.text", 1024, (body("x" * 1025),)),
    ("components.0.text", None, (body(" "),)),
    ("components.0.text", None, (body("{{1}} hi", example={"body_text": [["x"]]}),)),
    ("components.0.text", None, (body("hi {{1}}", example={"body_text": [["x"]]}),)),
    ("components.0.text", None, (body("a {{2}} b", example={"body_text": [["x"]]}),)),
    ("components.0.example.body_text", None, (body(ONE),)),
    ("components.0.example.body_text", None, (body(ONE, example={"body_text": [["x", "y"]]}),)),
    ("components.0.example.body_text", None, (body(ONE, example={"body_text": [[7]]}),)),
    ("components", None, (header(text="x"),)),
    ("components.0.type", None, ({"type": "SONG"},)),
    ("components.0.type", None, ("BODY",)),
    ("components.1", 1, (body(), body())),
    ("components.1.text", 60, (body(), header(text="x" * 61))),
    ("components.1.text", 1, (body(), header(text="{{1}} {{2}}", example={"header_text": ["x"]}))),
    ("components.1.example.header_text", None, (body(), header(text="For {{1}}"))),
    ("components.1.example.header_handle", None, (body(), header("VIDEO"))),
    ("components.1.format", None, (body(), header("SONG"))),
    ("components.1.text", 60, (body(), {"type": "FOOTER", "text": "x" * 61})),
    ("components.1.text", None, (body(), {"type": "FOOTER", "text": "for {{1}}"})),
    ("components.1.buttons", 10, (body(), buttons())),
    ("components.1.buttons", 10, (body(), buttons(*[reply()] * 11))),
    ("components.1.buttons.0.text", 25, (body(), buttons(reply("x" * 26)))),
    ("components.1.buttons.0.type", None, (body(), buttons({"type": "SING"}))),
    ("components.1.buttons.0.type", None, (body(), buttons("x"))),
    ("components.1.buttons.2", 2, (body(), buttons(url(), url(), url()))),
    ("components.1.buttons.1", 1, (body(), buttons(CALL, CALL))),
    ("components.1.buttons.1", 1, (body(), buttons(code("x"), code("x")))),
    ("components.1.buttons", None, (body(), buttons(reply(), url(), reply()))),
    ("components.1.buttons.0.url", 2000, (body(), buttons(url("https://a.example/" + "x" * 1983)))),
    ("components.1.buttons.0.url", 2000, (body(), buttons(url("javascript:x")))),
    ("components.1.buttons.0.url", 1, (body(), buttons(url("https://a.example/{{1}}/x")))),
    ("components.1.buttons.0.example", None, (body(), buttons(url("https://a.example/{{1}}")))),
    ("components.1.buttons.0.example", 15, (body(), buttons(code("x" * 16)))),
    ("components.1.buttons.0.phone_number", None, (body(), buttons(CALL | {"phone_number": ""}))),
]


@pytest.mark.parametrize(("field", "limit", "parts"), BAD, ids=range(len(BAD)))
def test_one_past_a_limit_is_refused_by_name(field: str, limit: int | None, parts: Any) -> None:
    with pytest.raises(InvalidMessage) as refused:
        check(*parts)
    assert (refused.value.field, refused.value.limit) == (field, limit)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("name", {"name": "x" * 513}),
        ("name", {"name": "Order"}),
        ("name", {"name": ""}),
        ("name", {"name": "a\n"}),
        ("language", {"language": "english"}),
        ("category", {"category": "PROMO"}),
        ("parameter_format", {"parameter_format": "ROMAN"}),
        ("components", {"components": None}),
        ("components", {"components": {}}),
    ],
)
def test_name_language_and_category(field: str, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidMessage) as refused:
        check(**given)
    assert refused.value.field == field
    check(name="x" * 512, language="he", category="MARKETING")


def test_named_parameters_have_an_example_by_name() -> None:
    check(body(NAMED, example=SHOWN), parameter_format="NAMED")
    for bad in (body(NAMED), body("Hi {{First}}, x", example=SHOWN)):
        with pytest.raises(InvalidMessage):
            check(bad, parameter_format="NAMED")


def test_the_text_of_a_login_code_is_metas_own() -> None:
    otp = {"type": "OTP", "otp_type": "COPY_CODE"}
    footer = {"type": "FOOTER", "code_expiration_minutes": 5}
    check({"type": "BODY"}, footer, buttons(otp), category="AUTHENTICATION")
