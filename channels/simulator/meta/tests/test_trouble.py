"""Faults of the Graph API, and webhooks that misbehave or meet a bad receiver."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import requests

from channels.simulator.meta.tests.conftest import (
    NOA,
    OTHER_PHONE,
    PHONE,
    WABA,
    Meta,
    refusal,
    wamid_of,
)
from channels.simulator.meta.tests.receiver import Receiver

HELLO: dict[str, Any] = {"text": {"body": "hi"}, "biz_opaque_callback_data": "ours"}


def outbound(meta: Meta) -> int:
    thread = meta.read("thread", phone_number_id=PHONE, wa_id=NOA)["messages"]
    return sum(item["direction"] == "outbound" for item in thread)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"code": 131000}, 500, 131000),
        ({"code": 0}, 401, 0),
        ({"code": 131016, "http_status": 503}, 503, 131016),
        ({"http_status": 502}, 502, 1),
        ({"code": 190, "subcode": 460}, 401, 190),
    ],
)
def test_the_next_calls_fail_as_told(
    meta: Meta, fault: dict[str, Any], status: int, code: int
) -> None:
    meta.write()
    meta.sim("fail-next", count=2, **fault)
    assert refusal(meta.send(HELLO))[:2] == (status, code)
    assert refusal(meta.send(HELLO))[:2] == (status, code)
    assert outbound(meta) == 0
    assert wamid_of(meta.send(HELLO))


def test_retry_after_is_told(meta: Meta) -> None:
    meta.sim("fail-next", retry_after=7)
    answer = meta.send(HELLO)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


def test_a_fault_waits_for_the_call_it_is_meant_for(meta: Meta) -> None:
    meta.write()
    meta.sim("fail-next", code=131000, match={"type": "template", "phone": PHONE})
    assert meta.send(HELLO).status_code == 200
    welcome = {"name": "welcome", "language": {"code": "en_US"}}
    assert meta.send(type="template", template=welcome).status_code == 500


def test_a_fault_waits_for_the_text_it_is_meant_for(meta: Meta) -> None:
    meta.write()
    meta.sim("fail-next", http_status=503, match={"text": "second"})
    texts = ["the first", "the second", "the second again"]
    answers = [meta.send(type="text", text={"body": text}).status_code for text in texts]
    assert answers == [200, 503, 200]


def test_a_late_failure_is_accepted_first(meta: Meta, receiver: Receiver) -> None:
    meta.write()
    meta.sim("fail-next", code=131049, **{"async": True})
    wamid = wamid_of(meta.send(HELLO))
    receiver.wait(lambda: receiver.statuses_of(wamid))
    assert receiver.statuses_of(wamid)[0]["errors"][0]["code"] == 131049


@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
def test_a_reset_loses_the_answer_but_not_always_the_message(
    meta: Meta, receiver: Receiver, kind: str
) -> None:
    meta.write()
    meta.sim("fail-next", **{kind: True})
    with pytest.raises(requests.ConnectionError, match="reset"):
        meta.send(HELLO)
    entry = meta.read("requests", type="text")["requests"][0]
    assert entry["fault"] == kind
    if kind == "reset_before":
        assert outbound(meta) == 0
        return
    receiver.wait(lambda: len(receiver.statuses_of(entry["wamid"])) == 2)
    assert receiver.statuses_of(entry["wamid"])[0]["biz_opaque_callback_data"] == "ours"


@pytest.mark.parametrize("fault", [{"half_open": True}, {"timeout": 5}])
def test_silence_makes_the_caller_give_up(meta: Meta, fault: dict[str, Any]) -> None:
    meta.sim("fail-next", **fault)
    with pytest.raises(requests.ReadTimeout):
        meta.graph("POST", f"{PHONE}/messages", json=HELLO, timeout=0.2)


def test_a_dripping_answer_is_whole_in_the_end(meta: Meta) -> None:
    meta.write()
    meta.sim("fail-next", drip=True, interval_ms=1)
    assert wamid_of(meta.send(HELLO))


def test_an_answer_can_be_broken_json(meta: Meta) -> None:
    meta.write()
    meta.sim("fail-next", invalid_json=True)
    answer = meta.send(HELLO)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(answer.text)
    assert outbound(meta) == 1


def test_an_unknown_fault_is_refused(meta: Meta) -> None:
    answer = meta.http.post(f"{meta.url}/_sim/fail-next", json={"explode": True})
    assert answer.status_code == 400
    misspelt = {"code": 131000, "match": {"phone_number_id": PHONE}}
    answer = meta.http.post(f"{meta.url}/_sim/fail-next", json=misspelt)
    assert (answer.status_code, "phone_number_id" in answer.text) == (400, True)


def test_webhooks_are_retried_and_later_ones_wait(meta: Meta, receiver: Receiver) -> None:
    receiver.statuses = [500, 503]
    first = meta.sim("inject", phone_number_id=PHONE, **{"from": NOA}, text="one")
    assert first["delivered"] == 500
    meta.write("two")
    texts = [item["text"]["body"] for item in receiver.messages()]
    assert texts == ["one", "one", "one", "two"]
    entry = meta.read("webhooks", wamid=first["id"])["webhooks"][0]
    assert [attempt["status"] for attempt in entry["attempts"]] == [500, 503, 200]
    assert entry["state"] == "delivered"


def test_a_webhook_is_given_up_in_the_end(meta: Meta, receiver: Receiver) -> None:
    receiver.statuses = [500] * 5
    meta.write("one")
    receiver.wait(lambda: meta.read("webhooks", state="given_up")["webhooks"])
    assert len(receiver.bodies) == 5


def test_order_holds_for_each_customer(meta: Meta, receiver: Receiver) -> None:
    receiver.delay_s = 0.002
    report = meta.sim("load", count=200, customers=10, wait=True)
    assert (report["ok"], report["failed"], report["is_done"]) == (200, 0, True)
    last: dict[str, int] = {}
    for message in receiver.messages():
        turn = int(message["text"]["body"].split()[1])
        assert turn == last.get(message["from"], 0) + 1
        last[message["from"]] = turn
    assert len(last) == 10


def test_a_load_keeps_its_rate(meta: Meta) -> None:
    started = time.monotonic()
    report = meta.sim("load", count=40, customers=4, rate=200, wait=True)
    assert report["ok"] == 40
    assert 0.15 < time.monotonic() - started < 1.5


def test_batches_mix_numbers_and_keep_everything(meta: Meta, receiver: Receiver) -> None:
    meta.sim("chaos", batch=8)
    meta.sim("load", count=40, customers=8, wait=True)
    assert len(receiver.messages()) == 40
    assert len(receiver.bodies) < 20
    entries = [len(json.loads(body)["entry"]) for body in receiver.bodies]
    assert max(entries) > 1
    numbers = {value["metadata"]["phone_number_id"] for value in receiver.changes()}
    assert numbers == {PHONE, OTHER_PHONE}


def test_duplicates_and_disorder_lose_nothing(meta: Meta, receiver: Receiver) -> None:
    meta.sim("chaos", duplicates=1.0, disorder=0.5, seed=3)
    meta.sim("load", count=20, customers=1, wait=True)
    receiver.wait(lambda: len(receiver.messages()) == 40)
    order = [item["text"]["body"] for item in receiver.messages()]
    assert len(set(order)) == 20
    assert list(dict.fromkeys(order)) != [f"Load {index + 1}" for index in range(20)]


def test_a_status_can_come_before_the_answer(meta: Meta, receiver: Receiver) -> None:
    meta.write()
    meta.sim("chaos", statuses_before_response=True, skip_delivered=True)
    meta.sim("settings", auto_read=True)
    wamid = wamid_of(meta.send(HELLO))
    assert [item["status"] for item in receiver.statuses_of(wamid)][:1] == ["sent"]
    receiver.wait(lambda: len(receiver.statuses_of(wamid)) == 2)
    assert receiver.statuses_of(wamid)[1]["status"] == "read"


def test_payloads_can_lack_what_readers_rely_on(meta: Meta, receiver: Receiver) -> None:
    meta.sim("chaos", drop_profile=True, int_timestamps=True, unknown_fields=True)
    meta.write()
    value = receiver.changes()[0]
    assert "profile" not in value["contacts"][0]
    assert isinstance(value["messages"][0]["timestamp"], int)
    assert "_new_property" in value
    meta.sim("chaos", bsuid_in_from=True)
    meta.write()
    assert receiver.messages()[1]["from"] == "IL.48213377190011245"


def test_unknown_switches_are_refused_and_change_nothing(meta: Meta) -> None:
    for path, body in (("chaos", {"batch": 2, "lag": 1}), ("settings", {"window": "maybe"})):
        assert meta.http.post(f"{meta.url}/_sim/{path}", json=body).status_code == 400
    assert meta.read("chaos")["batch"] == 1


def test_reset_forgets_everything(meta: Meta, receiver: Receiver) -> None:
    receiver.statuses = [500] * 50
    meta.write()
    meta.sim("chaos", batch=5)
    epoch = meta.sim("reset")["epoch"]
    receiver.forget()
    state = meta.read("state")
    assert state["epoch"] == epoch
    assert state["counts"]["messages"] == state["counts"]["webhooks"] == 0
    assert state["chaos"]["batch"] == 1
    time.sleep(0.2)
    assert receiver.bodies == []
    assert state["wabas"][0]["subscribed_apps"] and state["wabas"][0]["waba_id"] == WABA
