"""Accounts share a turn in a backlog; within an account nothing overtakes."""

import json
import random

import pytest
from django.db import connection

from kernel.mongo.doors import collection
from tests import factories
from tests.explain import assert_indexed
from tests.inbound import body, change, post, text, work_off
from tests.indexes.test_hot_queries import recorded
from webhooks.edge.origin import origin_of
from webhooks.models import WebhookDelivery, WebhookEvent
from webhooks.services import waiting

NEW = {"state": WebhookDelivery.NEW}


def said(phone, words):
    return body(change(phone, messages=[text(words)]))


@pytest.fixture(autouse=True)
def _small_turns(monkeypatch):
    collection(WebhookDelivery).delete_many(NEW)
    monkeypatch.setattr(waiting, "BATCH", 6)
    monkeypatch.setattr(waiting, "_last_served", "")


def taken():
    rows, _ = waiting.oldest_in_turn()
    return [origin_of("meta", bytes(row["body"])) for row in rows]


def test_a_neighbour_is_served_in_the_first_turn_of_a_backlog():
    post(*(said("111", f"m{n}") for n in range(30)), said("222", "neighbour"))
    assert taken() == ["number:111"] * 3 + ["number:222"]


def test_little_work_is_taken_whole_and_in_order():
    post(said("111", "a"), said("222", "b"), said("111", "c"))
    assert taken() == ["number:111", "number:222", "number:111"]


def test_many_accounts_take_turns(monkeypatch):
    monkeypatch.setattr(waiting, "ACCOUNTS", 2)
    post(*(said(str(100 + n % 5), f"m{n}") for n in range(40)))
    served = {origin for _ in range(3) for origin in taken()}
    assert served == {f"number:{100 + n}" for n in range(5)}


def test_while_a_delivery_of_several_accounts_waits_the_oldest_go_first():
    mixed = body(change("111", messages=[text("x")]), change("222", messages=[text("y")]))
    post(*(said("111", f"m{n}") for n in range(8)), mixed, said("222", "later"))
    assert taken() == ["number:111"] * 6


def test_whatever_comes_mixed_nothing_overtakes_within_an_account(shop):
    numbers = [shop.channel.external["phone_number_id"]]
    numbers += [factories.channel().external["phone_number_id"] for _ in range(3)]
    dice = random.Random(7)
    for n in range(90):
        some = (
            dice.sample(numbers, 2) if dice.random() < 0.1 else [dice.choice(numbers[: 1 + n % 4])]
        )
        post(body(*(change(phone, messages=[text(f"{n:03d}")]) for phone in some)))
    work_off("explode")
    rows = WebhookEvent.objects.order_by("id").values_list("channel_id", "body")
    for channel in {channel for channel, _ in rows}:
        seen = [inner["message"]["text"]["body"] for of, inner in rows if of == channel]
        assert seen == sorted(seen)
    assert not collection(WebhookDelivery).count_documents(NEW)


def test_each_look_is_served_by_an_index():
    post(*(said(str(100 + n % 3), f"m{n}") for n in range(60)))
    _, sent = recorded(waiting.oldest_in_turn)
    assert_indexed([c for c in sent if c.name != "distinct"], everything=True, slack=1)
    plan = connection.database.command(
        "explain", {"distinct": "webhook_deliveries", "key": "origin", "query": NEW}
    )
    assert "DISTINCT_SCAN" in json.dumps(plan, default=str)


@pytest.mark.parametrize(("source", "raw", "origin"), [
    ("meta", said("123", "hi"), "number:123"),
    ("meta", body(change("1"), change("2")), ""),
    ("meta", body(change("1"), change("1")), "number:1"),
    ("meta", {"object": "instagram", "entry": [{"id": "178", "time": 1}, {"id": "178"}]}, "account:178"),
    ("meta", {"object": "instagram", "entry": [{"id": "178"}, {"id": "179"}]}, ""),
    ("meta", {"object": "instagram", "entry": [{"id": 178}]}, ""),
    ("meta", {"entry": [{"id": ["x"]}]}, ""),
    ("meta", {"entry": []}, ""),
    ("meta", [], ""),
    ("channel:abc", said("123", "hi"), "channel:abc"),
])  # fmt: skip
def test_the_origin_of_a_delivery(source, raw, origin):
    assert origin_of(source, json.dumps(raw).encode()) == origin


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe", b"null", b"[" * 50_000, b'{"entry":[{"id":NaN}]}']
)
def test_bytes_that_are_not_a_body_have_no_origin(raw):
    assert origin_of("meta", raw) == ""


def test_what_a_customer_writes_is_not_taken_for_the_account():
    spoken = said("123", '{"phone_number_id": "999"}')
    assert origin_of("meta", json.dumps(spoken).encode()) == "number:123"
