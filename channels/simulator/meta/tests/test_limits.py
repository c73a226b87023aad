"""What Meta refuses, with the code and the field that it names."""

from __future__ import annotations

from typing import Any

import pytest

from channels.simulator.meta.tests.conftest import Meta, refusal


def buttons(*titles: str) -> list[dict[str, Any]]:
    return [
        {"type": "reply", "reply": {"id": f"{index}{title}", "title": title}}
        for index, title in enumerate(titles)
    ]


def interactive(action: dict[str, Any], kind: str = "button", **more: Any) -> dict[str, Any]:
    body = {"type": kind, "body": {"text": "?"}, "action": action, **more}
    return {"type": "interactive", "interactive": body}


def rows(count: int) -> list[dict[str, str]]:
    return [{"id": str(index), "title": f"Row {index}"} for index in range(count)]


BAD: list[tuple[dict[str, Any], int, str]] = [
    ({"messaging_product": "x", "text": {"body": "a"}}, 100, "messaging_product"),
    ({"to": None, "text": {"body": "a"}}, 131008, "to"),
    ({"to": "12ab", "text": {"body": "a"}}, 100, "to"),
    ({"to": "+972 55-501 4200", "text": {"body": "a"}}, 131021, "to"),
    ({"type": "poem", "poem": {}}, 100, "type"),
    ({"type": "text"}, 131008, "text"),
    ({"text": {}}, 131008, "text['body']"),
    ({"text": {"body": "x" * 4097}}, 100, "text['body']"),
    ({"text": {"body": "a", "bold": True}}, 100, "bold"),
    ({"text": {"body": "a"}, "colour": "red"}, 100, "colour"),
    ({"text": {"body": "a"}, "biz_opaque_callback_data": "x" * 513}, 100, "biz_opaque"),
    ({"text": {"body": "a"}, "context": {}}, 131008, "context['message_id']"),
    ({"type": "image", "image": {}}, 131008, "image"),
    ({"type": "image", "image": {"id": "1"}}, 131009, "image['id']"),
    ({"type": "image", "image": {"link": "ftp://x"}}, 100, "image['link']"),
    (
        {"type": "image", "image": {"link": "https://x.com/a", "caption": "x" * 1025}},
        100,
        "image['caption']",
    ),
    ({"type": "audio", "audio": {"link": "https://x.com/a", "caption": "x"}}, 100, "caption"),
    ({"type": "location", "location": {"latitude": 1}}, 131008, "location['longitude']"),
    ({"type": "location", "location": {"latitude": 91, "longitude": 1}}, 131009, "latitude"),
    ({"type": "contacts", "contacts": []}, 131009, "contacts"),
    ({"type": "contacts", "contacts": [{"name": {"formatted_name": "A"}}]}, 131008, "name"),
    (
        {"type": "reaction", "reaction": {"message_id": "wamid.no", "emoji": "👍"}},
        131009,
        "message",
    ),
    ({"type": "reaction", "reaction": {"message_id": "wamid.no", "emoji": "ok"}}, 131009, "emoji"),
    (interactive({"buttons": buttons("a", "b", "c", "d")}), 131009, "buttons"),
    (interactive({"buttons": buttons("x" * 21)}), 131009, "title"),
    (interactive({"buttons": buttons("a", "a")}), 131009, "unique"),
    (interactive({"buttons": buttons("a")}, footer={"text": "x" * 61}), 131009, "footer"),
    (interactive({"button": "x", "sections": [{"rows": rows(11)}]}, "list"), 131009, "rows"),
    (
        interactive({"button": "x", "sections": [{"rows": rows(1)}, {"rows": rows(1)}]}, "list"),
        131008,
        "title",
    ),
]


@pytest.mark.parametrize(("body", "code", "named"), BAD)
def test_a_bad_message_is_refused_with_its_field(
    meta: Meta, body: dict[str, Any], code: int, named: str
) -> None:
    meta.sim("settings", window="off")
    answer = meta.send(body)
    status, found, details = refusal(answer)
    assert (status, found) == (400, code)
    assert named in details
    assert meta.read("state")["counts"]["messages"] == 0


def test_a_body_that_is_not_json_is_refused(meta: Meta) -> None:
    answer = meta.graph("POST", "209988776655443/messages", data=b"[1")
    assert refusal(answer)[:2] == (400, 100)


POSITIONAL = {"name": "order_update", "language": {"code": "en_US"}}
NAMED = {"name": "appointment_named", "language": {"code": "en_US"}}


def with_body(template: dict[str, Any], *parameters: dict[str, Any]) -> dict[str, Any]:
    return {**template, "components": [{"type": "body", "parameters": list(parameters)}]}


def value(text: str, name: str | None = None) -> dict[str, Any]:
    item = {"type": "text", "text": text}
    return {**item, "parameter_name": name} if name else item


def test_template_with_its_parameters_is_shown_filled(meta: Meta) -> None:
    answer = meta.send(type="template", template=with_body(POSITIONAL, value("Noa"), value("A-1")))
    assert answer.json()["messages"][0]["message_status"] == "accepted"
    wamid = answer.json()["messages"][0]["id"]
    view = meta.read(f"messages/{wamid}")["view"]
    assert view["body"] == "Hi Noa, your order A-1 is on its way."
    named = [value("10:00", "hour"), value("Noa", "first_name"), value("Tuesday", "day")]
    answer = meta.send(type="template", template=with_body(NAMED, *named))
    wamid = answer.json()["messages"][0]["id"]
    view = meta.read(f"messages/{wamid}")["view"]
    assert view["body"] == "Hello Noa, we will see you on Tuesday at 10:00."


@pytest.mark.parametrize(
    ("template", "status", "code"),
    [
        (POSITIONAL, 400, 132000),
        (with_body(POSITIONAL, value("a")), 400, 132000),
        (with_body(POSITIONAL, value("a", "x"), value("b", "y")), 400, 132012),
        (with_body(NAMED, value("a"), value("b"), value("c")), 400, 132000),
        (with_body(POSITIONAL, value("a\nb"), value("c")), 400, 132018),
        (with_body(POSITIONAL, value("a"), value("")), 400, 131008),
        ({"name": "welcome", "language": {"code": "he"}}, 404, 132001),
        ({"name": "nothing", "language": {"code": "en_US"}}, 404, 132001),
        ({"name": "welcome"}, 400, 131008),
    ],
)
def test_a_template_that_does_not_fit_is_refused(
    meta: Meta, template: dict[str, Any], status: int, code: int
) -> None:
    assert refusal(meta.send(type="template", template=template))[:2] == (status, code)


def test_a_paused_template_is_refused(meta: Meta) -> None:
    meta.sim("templates", name="welcome", status="PAUSED")
    template = {"name": "welcome", "language": {"code": "en_US"}}
    assert refusal(meta.send(type="template", template=template))[1] == 132015
