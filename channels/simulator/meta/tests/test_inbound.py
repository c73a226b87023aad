"""Customers write; the business gets Meta's webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from channels.simulator.meta.tests.conftest import NOA, OTHER_PHONE, PHONE, SECRET, WABA, Meta
from channels.simulator.meta.tests.receiver import Receiver

CASES: list[tuple[str, dict[str, Any]]] = [
    ("location", {"location": {"latitude": 32.08, "longitude": 34.78, "name": "Office"}}),
    ("contacts", {"contacts": [{"name": {"formatted_name": "Dana", "first_name": "Dana"}}]}),
    (
        "interactive",
        {"interactive": {"type": "button_reply", "button_reply": {"id": "a", "title": "A"}}},
    ),
    (
        "interactive",
        {"interactive": {"type": "list_reply", "list_reply": {"id": "b", "title": "B"}}},
    ),
    ("button", {"button": {"text": "Stop", "payload": "optout"}}),
    ("reaction", {"reaction": {"message_id": "wamid.X", "emoji": "❤️"}}),
]


def test_text_arrives_in_metas_envelope(meta: Meta, receiver: Receiver) -> None:
    wamid = meta.write("היי 😀")
    body = json.loads(receiver.bodies[0])
    assert body["object"] == "whatsapp_business_account"
    assert body["entry"][0]["id"] == WABA
    change = body["entry"][0]["changes"][0]
    assert change["field"] == "messages"
    value = change["value"]
    assert value["metadata"] == {"display_phone_number": "972555014200", "phone_number_id": PHONE}
    assert value["contacts"] == [
        {"profile": {"name": "Noa Levi"}, "wa_id": NOA, "user_id": "IL.48213377190011245"}
    ]
    message = value["messages"][0]
    assert isinstance(message.pop("timestamp"), str)
    assert message == {
        "from": NOA,
        "from_user_id": "IL.48213377190011245",
        "id": wamid,
        "type": "text",
        "text": {"body": "היי 😀"},
    }


def test_body_is_escaped_and_signed_as_meta_does(meta: Meta, receiver: Receiver) -> None:
    meta.write("é 50% <a@b.c> http://x/y")
    raw = receiver.bodies[0]
    assert b"\\u00e9 50\\u0025 \\u003Ca\\u0040b.c> http:\\/\\/x\\/y" in raw
    wanted = "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    assert receiver.headers[0]["x-hub-signature-256"] == wanted


@pytest.mark.parametrize(("kind", "content"), CASES)
def test_every_plain_kind_carries_its_object(
    meta: Meta, receiver: Receiver, kind: str, content: dict[str, Any]
) -> None:
    meta.sim("inject", phone_number_id=PHONE, **{"from": NOA}, type=kind, **content)
    message = receiver.messages()[0]
    assert message["type"] == kind
    assert message[kind] == content[kind]


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document", "sticker"])
def test_media_has_an_id_and_a_base64_hash_of_real_bytes(
    meta: Meta, receiver: Receiver, kind: str
) -> None:
    meta.sim("inject", phone_number_id=PHONE, **{"from": NOA}, type=kind)
    content = receiver.messages()[0][kind]
    described = meta.graph("GET", content["id"]).json()
    assert base64.b64decode(content["sha256"]).hex() == described["sha256"]
    answer = meta.http.get(content["url"], headers={"Authorization": "Bearer EAAacme"})
    assert hashlib.sha256(answer.content).hexdigest() == described["sha256"]
    assert answer.headers["content-type"] == content["mime_type"]


def test_reply_names_the_author_of_the_quoted_message(meta: Meta, receiver: Receiver) -> None:
    first = meta.write("one")
    meta.write("two", reply_to=first)
    assert receiver.messages()[1]["context"] == {"from": NOA, "id": first}


def test_unsupported_carries_the_error(meta: Meta, receiver: Receiver) -> None:
    meta.sim("inject", phone_number_id=PHONE, **{"from": NOA}, type="unsupported")
    message = receiver.messages()[0]
    assert message["unsupported"] == {"type": "poll"}
    assert message["errors"][0]["code"] == 131051


def test_sender_can_come_without_a_number(meta: Meta, receiver: Receiver) -> None:
    meta.sim("customers", wa_id=NOA, hide_phone=True)
    meta.write("who am I")
    message = receiver.messages()[0]
    assert "from" not in message
    assert message["from_user_id"] == "IL.48213377190011245"
    assert "wa_id" not in receiver.changes()[0]["contacts"][0]


def test_nothing_is_sent_when_nobody_subscribed(meta: Meta, receiver: Receiver) -> None:
    assert meta.graph("DELETE", f"{WABA}/subscribed_apps").json() == {"success": True}
    answer = meta.sim("inject", phone_number_id=PHONE, **{"from": NOA}, text="x")
    assert answer["delivered"] is None
    assert answer["reason"] == "not subscribed"
    assert receiver.bodies == []


def test_raw_bodies_go_out_as_they_are(meta: Meta, receiver: Receiver) -> None:
    assert meta.sim("inject-raw", body="{not json", sign="wrong")["delivered"] == 200
    assert receiver.bodies == [b"{not json"]
    meta.sim("inject-raw", body={"a": 1}, sign=False)
    assert "x-hub-signature-256" not in receiver.headers[1]


def test_an_injection_without_sense_is_refused(meta: Meta, receiver: Receiver) -> None:
    for body in (
        {"phone_number_id": "1", "from": NOA, "text": "x"},
        {"phone_number_id": OTHER_PHONE, "text": "x"},
        {"phone_number_id": PHONE, "from": NOA, "type": "location"},
    ):
        answer = meta.http.post(f"{meta.url}/_sim/inject", json=body)
        assert answer.status_code == 400
        assert answer.json()["error"]
    assert receiver.bodies == []
