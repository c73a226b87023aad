"""The ledger: each item is routed to its owner once, and the account of each delivery adds up."""

import json

import pytest

from channels.events import ChannelConnected
from channels.models import ChannelAddress
from kernel.clock import now
from kernel.events import emit
from kernel.models import Lane
from kernel.mongo.doors import hasty
from kernel.mongo.transactions import run_transaction
from kernel.scoping import tenant_scope
from kernel.scoping.context import outside_scope
from kernel.work.sweep import sweep
from messaging.models import Message
from tests import factories
from tests.inbound import body, change, post, receive, status, take_in, text, wamid, work_off
from webhooks.models import WebhookDelivery, WebhookEvent
from webhooks.services import waiting


def texts():
    return [m.text for m in Message.objects.order_by("conversation_id", "seq")]


def adds_up(delivery):
    account = delivery.account
    rest = sum(account.get(k, 0) for k in ("stored", "duplicate", "ignored", "parked", "dead"))
    return account["received"] == rest


def test_a_delivery_is_closed_with_an_account_that_adds_up(shop):
    phone, again = shop.channel.external["phone_number_id"], text("one")
    delivery = take_in(body(
        change(phone, messages=[again, again, text("two"), "no message"]),
        change("999000999", messages=[text("nobody's")]),
        change(phone, statuses=[status(wamid(), "sent"), {"id": "x"}]),
    ))[0]  # fmt: skip
    assert delivery.account == {"received": 7, "stored": 3, "duplicate": 1, "dead": 2, "parked": 1}
    assert adds_up(delivery)
    assert delivery.state == "done"
    assert delivery.parked == ["phone_number_id:999000999"]
    assert len(delivery.problems) == 2
    assert texts() == ["one", "two"]


def test_what_a_tenants_own_app_posts_is_taken_for_that_tenants_channel_alone(shop, new_tenant):
    with outside_scope():
        other = new_tenant("Other")
        with factories.inside(other):
            foreign = factories.channel()
    own, theirs = shop.channel.external["phone_number_id"], foreign.external["phone_number_id"]
    delivery = take_in(
        body(
            change(own, messages=[text("mine")]),
            change(theirs, messages=[text("forged")], statuses=[status(wamid(), "read")]),
            change("999000998", messages=[text("nobody's")]),
        ),
        source=f"channel:{shop.channel.pk}",
    )[0]
    assert delivery.account == {"received": 4, "stored": 1, "dead": 3}
    assert delivery.parked == []
    assert texts() == ["mine"]
    with outside_scope(), tenant_scope(other.tenant):
        assert WebhookEvent.objects.count() == 0
        assert Message.objects.count() == 0


def test_a_redelivery_in_the_same_body_another_body_or_another_batch_changes_nothing(shop):
    phone = shop.channel.external["phone_number_id"]
    whole = body(change(phone, messages=[text("one"), text("two")]))
    first, second = take_in(whole, whole)
    third = take_in(whole)[0]
    assert (first.account["stored"], second.account["duplicate"], third.account["duplicate"]) == (
        2,
        2,
        2,
    )
    assert texts() == ["one", "two"]
    assert WebhookEvent.objects.count() == 2
    conversation = factories.Conversation.objects.get()
    assert (conversation.message_count, conversation.unread_count) == (2, 2)


def test_one_body_may_mix_numbers_and_tenants(new_tenant):
    one, two = new_tenant(), new_tenant()
    phones = []
    for world in (one, two):
        with factories.inside(world):
            phones.append(factories.channel().external["phone_number_id"])
    delivery = take_in(body(
        change(phones[0], messages=[text("for one")]), change(phones[1], messages=[text("for two")]),
        change(phones[0], messages=[text("for one again")]),
    ))[0]  # fmt: skip
    assert delivery.account == {"received": 3, "stored": 3}
    for world, expected in ((one, ["for one", "for one again"]), (two, ["for two"])):
        with tenant_scope(world.tenant):
            assert texts() == expected
            assert {str(e.tenant_id) for e in WebhookEvent.objects.all()} == {world.tenant.pk}


HOSTILE = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"whatsapp_business_account"',
    "half": b'{"object":"whatsapp_business_account","entry":[{"id"',
    "not UTF-8": b'{"object":"\xff\xfe"}',
    "deeply nested lists": b"[" * 100_000,
    "deeply nested objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "an unknown object": b'{"object":"page","entry":[]}',
    "an object that is no text": b'{"object":{"$ne":null},"entry":[]}',
    "no entries": b'{"object":"whatsapp_business_account"}',
    "entries that are none": b'{"object":"whatsapp_business_account","entry":"x"}',
    "an entry that is none": b'{"object":"whatsapp_business_account","entry":[7]}',
    "changes that are none": b'{"object":"whatsapp_business_account","entry":[{"changes":{}}]}',
    "a change that is none": b'{"object":"whatsapp_business_account","entry":[{"changes":[null]}]}',
    "a huge number": b'{"object":' + b"9" * 5_000 + b"}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_kept_and_dead_lettered_beside_good_ones(shop, name):
    phone = shop.channel.external["phone_number_id"]
    good = body(change(phone, messages=[text(name)]))
    before, bad, after = take_in(good, HOSTILE[name], body(change(phone, messages=[text("after")])))
    assert bad.account == {"received": 1, "dead": 1}
    assert bad.problems[0]["reason"]
    assert bytes(bad.body) == HOSTILE[name]
    assert (before.account["stored"], after.account["stored"]) == (1, 1)
    assert texts() == [name, "after"]


STRANGE = {
    "a lone surrogate": ('"body": "hello"', '"body": "a\\ud800b"', "a\ufffdb"),
    "a NUL": ('"body": "hello"', '"body": "a\\u0000b"', "a\u2400b"),
    "not a number": ('"type": "text"', '"type": "text", "n": NaN', "hello"),
    "infinity": ('"type": "text"', '"type": "text", "n": -Infinity', "hello"),
    "more than 64 bits": ('"type": "text"', '"type": "text", "n": 9223372036854775808', "hello"),
    "an operator as a key": (
        '"type": "text"',
        '"type": "text", "$where": "1", "a.b": {"$gt": ""}',
        "hello",
    ),
    "a NUL in a key": ('"type": "text"', '"type": "text", "a\\u0000b": 1', "hello"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_an_item_with_strange_values_is_applied_all_the_same(shop, name):
    old, new, expected = STRANGE[name]
    raw = json.dumps(body(change(shop.channel.external["phone_number_id"], messages=[text()])))
    assert old in raw
    delivery = take_in(raw.replace(old, new).encode())[0]
    assert delivery.account == {"received": 1, "stored": 1}
    assert texts() == [expected]


def test_an_item_that_is_nested_too_deeply_dies_alone(shop):
    deep = text("deep")
    inner = deep["nested"] = {}
    for _ in range(60):
        inner["x"] = {}
        inner = inner["x"]
    delivery = receive(shop.channel, text("before"), deep, text("after"))
    assert delivery.account == {"received": 3, "stored": 2, "dead": 1}
    assert texts() == ["before", "after"]


# ------------------------------------------------------------------ nobody's number


def connect(world, phone):
    """As connecting does: the channel, its address still to be replayed, and the fact."""

    def record():
        channel = factories.channel(phone_number_id=phone)
        ChannelAddress.objects.filter(value=phone).update(replay_pending=True)
        emit(
            ChannelConnected(
                channel_id=channel.pk, kind="whatsapp", addresses=(f"phone_number_id:{phone}",)
            )
        )
        return channel

    return run_transaction(record)


def test_what_came_for_an_unknown_number_is_replayed_in_order_and_before_anything_newer(shop):
    phone = factories.digits(15)
    parked = take_in(*(body(change(phone, messages=[text(f"old {n}")])) for n in range(5)))
    assert {d.account["parked"] for d in parked} == {1}
    assert texts() == []
    connect(shop, phone)
    post(body(change(phone, messages=[text("new")])))
    work_off("relay", "react", "explode", "ingest")
    assert texts() == [f"old {n}" for n in range(5)] + ["new"]
    for row in parked:
        fresh = WebhookDelivery.objects.get(pk=row.pk)
        assert {k: v for k, v in fresh.account.items() if v} == {"received": 1, "stored": 1}
        assert (fresh.parked, adds_up(fresh)) == ([], True)
    assert ChannelAddress.objects.get(value=phone).replay_pending is False


def test_connecting_alone_is_enough_to_replay(shop):
    phone = factories.digits(15)
    take_in(body(change(phone, messages=[text("waited")])))
    connect(shop, phone)
    work_off("relay", "react", "explode", "ingest")
    assert texts() == ["waited"]


def test_replaying_one_number_leaves_another_parked(shop):
    mine, others = factories.digits(15), factories.digits(15)
    mixed = take_in(body(
        change(mine, messages=[text("mine")]), change(others, messages=[text("others")]),
        change(shop.channel.external["phone_number_id"], messages=[text("at once")]),
    ))[0]  # fmt: skip
    assert mixed.account == {"received": 3, "stored": 1, "parked": 2}
    connect(shop, mine)
    work_off("relay", "react", "explode", "ingest")
    fresh = WebhookDelivery.objects.get(pk=mixed.pk)
    assert (fresh.account["stored"], fresh.account["parked"]) == (2, 1)
    assert fresh.parked == [f"phone_number_id:{others}"]
    assert adds_up(fresh)
    assert sorted(texts()) == ["at once", "mine"]


def test_a_replay_of_more_than_a_batch_keeps_the_order(shop, monkeypatch):
    monkeypatch.setattr(waiting, "BATCH", 3)
    phone = factories.digits(15)
    take_in(*(body(change(phone, messages=[text(f"n{n}")])) for n in range(8)))
    connect(shop, phone)
    post(body(change(phone, messages=[text("new")])))
    work_off("relay", "react", "explode", "ingest")
    assert texts() == [f"n{n}" for n in range(8)] + ["new"]


def test_the_sweeper_finds_deliveries_that_nobody_announced(shop):
    post(body(change(shop.channel.external["phone_number_id"], messages=[text("quiet")])))
    Lane.objects.all().delete()
    with outside_scope():
        sweep()
    assert hasty(Lane).count_documents({"kind": "explode", "due_at": {"$lte": now()}}) == 1
    work_off("explode", "ingest")
    assert texts() == ["quiet"]


def test_a_body_may_be_a_list_of_bodies_of_several_kinds(shop):
    phone = shop.channel.external["phone_number_id"]
    on_instagram = {"object": "instagram", "entry": [{"id": "1784199", "messaging": [
        {"sender": {"id": "9"}, "recipient": {"id": "1784199"}, "message": {"mid": "m", "text": "hi"}}]}]}  # fmt: skip
    delivery = take_in(
        [body(change(phone, messages=[text("one")])), on_instagram, {"object": "x"}]
    )[0]
    assert delivery.account == {"received": 3, "stored": 1, "parked": 1, "dead": 1}
    assert delivery.parked == ["ig_id:1784199"]
    assert texts() == ["one"]
    assert take_in([])[0].account == {"received": 1, "dead": 1}
