"""The business sends; Meta accepts, and statuses follow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels.simulator.meta.tests.conftest import NOA, PHONE, Meta, refusal, wamid_of
from channels.simulator.meta.tests.receiver import Receiver

GOOD: list[dict[str, Any]] = [
    {"type": "text", "text": {"body": "x" * 4096, "preview_url": True}},
    {"type": "image", "image": {"link": "https://example.com/a.jpg", "caption": "c" * 1024}},
    {"type": "audio", "audio": {"link": "https://example.com/a.ogg", "voice": True}},
    {"type": "document", "document": {"link": "https://example.com/a.pdf", "filename": "a.pdf"}},
    {"type": "location", "location": {"latitude": "32.08", "longitude": "34.78"}},
    {
        "type": "contacts",
        "contacts": [{"name": {"formatted_name": "D C", "first_name": "D"}}],
    },
    {
        "type": "interactive",
        "interactive": {
            "type": "button",
            "body": {"text": "When?"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "Now"}}]},
        },
    },
]


def test_text_is_accepted_and_its_statuses_follow_in_order(meta: Meta, receiver: Receiver) -> None:
    meta.write()
    answer = meta.send(text={"body": "hi"}, biz_opaque_callback_data="ours-1")
    body = answer.json()
    wamid = wamid_of(answer)
    assert body["contacts"] == [{"input": f"+{NOA}", "wa_id": NOA}]
    assert json.loads(answer.headers["x-app-usage"])["call_count"] == 0
    receiver.wait(lambda: len(receiver.statuses_of(wamid)) == 2)
    sent, delivered = receiver.statuses_of(wamid)
    assert (sent["status"], delivered["status"]) == ("sent", "delivered")
    assert sent["biz_opaque_callback_data"] == "ours-1"
    assert sent["recipient_id"] == NOA
    assert sent["pricing"]["type"] == "free_customer_service"


@pytest.mark.parametrize("body", GOOD, ids=lambda body: str(body["type"]))
def test_every_kind_is_accepted_at_its_limit(meta: Meta, body: dict[str, Any]) -> None:
    meta.write()
    assert wamid_of(meta.send(body)).startswith("wamid.")


def test_read_follows_when_the_customer_looks(meta: Meta, receiver: Receiver) -> None:
    meta.write()
    wamid = wamid_of(meta.send(text={"body": "hi"}))
    receiver.wait(lambda: len(receiver.statuses_of(wamid)) == 2)
    meta.sim("telephones/look", phone_number_id=PHONE, wa_id=NOA)
    receiver.wait(lambda: [s["status"] for s in receiver.statuses_of(wamid)][2:] == ["read"])


def test_no_read_when_receipts_are_off(meta: Meta, receiver: Receiver) -> None:
    meta.sim("settings", auto_read=True)
    meta.sim("customers", wa_id=NOA, read_receipts=False)
    meta.write()
    first = wamid_of(meta.send(text={"body": "hi"}))
    receiver.wait(lambda: len(receiver.statuses_of(first)) == 2)
    meta.sim("customers", wa_id=NOA, read_receipts=True)
    second = wamid_of(meta.send(text={"body": "hi"}))
    receiver.wait(lambda: len(receiver.statuses_of(second)) == 3)


def test_a_telephone_that_is_off_gets_its_messages_later(meta: Meta, receiver: Receiver) -> None:
    meta.write()
    meta.sim("customers", wa_id=NOA, reachable=False)
    wamid = wamid_of(meta.send(text={"body": "hi"}))
    receiver.wait(lambda: len(receiver.statuses_of(wamid)) == 1)
    assert meta.read(f"messages/{wamid}")["status"] == "sent"
    meta.sim("customers", wa_id=NOA, reachable=True)
    receiver.wait(lambda: len(receiver.statuses_of(wamid)) == 2)


def test_reaction_only_gets_sent(meta: Meta, receiver: Receiver) -> None:
    target = meta.write()
    wamid = wamid_of(meta.send(type="reaction", reaction={"message_id": target, "emoji": "👍🏽"}))
    receiver.wait(lambda: receiver.statuses_of(wamid))
    later = wamid_of(meta.send(text={"body": "x"}))
    receiver.wait(lambda: len(receiver.statuses_of(later)) == 2)
    assert [item["status"] for item in receiver.statuses_of(wamid)] == ["sent"]
    assert meta.read(f"messages/{target}")["reactions"] == {"business": "👍🏽"}


def test_mark_as_read_also_reads_what_came_before(meta: Meta) -> None:
    meta.write("one")
    second = meta.write("two")
    answer = meta.send(
        {"to": None}, status="read", message_id=second, typing_indicator={"type": "text"}
    )
    assert answer.json() == {"success": True}
    thread = meta.read("thread", phone_number_id=PHONE, wa_id=NOA)["messages"]
    assert [item["read_by_business"] for item in thread] == [True, True]
    assert refusal(meta.send(status="read", message_id="wamid.unknown"))[:2] == (400, 131009)
    assert meta.read("requests")["requests"][0]["type"] == "typing"


def test_outside_the_window_only_templates_leave(meta: Meta) -> None:
    meta.write()
    meta.sim("clock", offset_s=24 * 3600 + 5)
    assert refusal(meta.send(text={"body": "late"}))[:2] == (400, 131047)
    welcome = {"name": "welcome", "language": {"code": "en_US"}}
    assert wamid_of(meta.send(type="template", template=welcome))


def test_the_window_error_can_come_late(meta: Meta, receiver: Receiver) -> None:
    meta.sim("settings", window="async")
    wamid = wamid_of(meta.send(text={"body": "late"}))
    receiver.wait(lambda: receiver.statuses_of(wamid))
    assert receiver.statuses_of(wamid)[0]["errors"][0]["code"] == 131047


def test_a_number_that_ends_in_a_code_fails_with_it(meta: Meta, receiver: Receiver) -> None:
    late, at_once = "97250131026", "97250131056"
    meta.sim("settings", window="off")
    wamid = wamid_of(meta.send(to=late, text={"body": "x"}))
    receiver.wait(lambda: receiver.statuses_of(wamid))
    failed = receiver.statuses_of(wamid)[0]
    assert (failed["status"], failed["errors"][0]["code"]) == ("failed", 131026)
    assert refusal(meta.send(to=at_once, text={"body": "x"}))[:2] == (400, 131056)


def test_a_user_id_can_be_the_recipient(meta: Meta, receiver: Receiver) -> None:
    meta.write()
    answer = meta.send({"to": None}, recipient="IL.48213377190011245", text={"body": "hi"})
    assert answer.json()["contacts"] == [
        {"input": "IL.48213377190011245", "user_id": "IL.48213377190011245"}
    ]


def test_a_burst_to_one_person_is_borrowed_from_the_future(meta: Meta) -> None:
    meta.write()
    meta.sim("settings", pair_rate=True)
    codes = [meta.send(text={"body": "x"}).status_code for _ in range(20)]
    assert codes == [200] * 20
    for offset, wanted in ((7, 131056), (119, 131056), (121, None), (122, None)):
        meta.sim("clock", offset_s=offset)
        answer = meta.send(text={"body": "x"})
        assert answer.json().get("error", {}).get("code") == wanted


def test_a_burst_has_forty_five_at_most(meta: Meta) -> None:
    meta.write()
    meta.sim("settings", pair_rate=True)
    codes = [meta.send(text={"body": "x"}).status_code for _ in range(46)]
    assert codes == [200] * 45 + [400]


def test_rates_are_limited_when_asked(meta: Meta) -> None:
    meta.write()
    meta.sim("settings", throughput_per_s=1)
    meta.send(text={"body": "x"})
    assert refusal(meta.send(text={"body": "x"}))[1] == 130429
