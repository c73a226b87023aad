"""What no tenant's ledger leads to goes with time; what is a tenant's is left to that tenant."""

from datetime import timedelta

import pytest

from channels.models import ChannelAddress
from channels.services.connect import remove_channel
from kernel.clock import now
from kernel.mongo.doors import collection
from tests import factories
from tests.inbound import body, change, post, take_in, text
from tests.indexes.test_hot_queries import indexed
from webhooks.models import WebhookDelivery
from webhooks.services import leftovers
from webhooks.services.leftovers import forget_leftovers


@pytest.fixture(autouse=True)
def _no_others(_database_open):
    collection(WebhookDelivery).delete_many({})


def left():
    return set(WebhookDelivery.objects.values_list("pk", flat=True))


def forget(before=timedelta(seconds=-5)):
    """Those acknowledged until now, page by page; how many went."""
    removed, after = forget_leftovers(now() - before)
    while after:
        more, after = forget_leftovers(now() - before, after=after)
        removed += more
    return removed


def test_repetitions_and_what_is_nobodys_and_what_cannot_be_read_go(shop, monkeypatch):
    monkeypatch.setattr(leftovers, "PAGE", 2)
    phone, said = shop.channel.external["phone_number_id"], text("said once")
    own = take_in(body(change(phone, messages=[said])))[0].pk
    mixed = take_in(body(change(phone, messages=[text("two")]),
                         change("999000990", messages=[text("nobody's")])))[0].pk  # fmt: skip
    take_in(body(change(phone, messages=[said])))
    take_in(body(change("999000991", messages=[text("nobody's")])))
    take_in(b"{no json", body(change(phone, statuses=[{"id": "no status"}])))
    waiting = post(body(change("999000992", messages=[text("not routed yet")])))[0]
    assert forget() == 4
    assert left() == {own, mixed, waiting}


def test_what_waits_for_an_address_that_somebody_had_is_theirs(shop):
    phone = shop.channel.external["phone_number_id"]
    remove_channel(channel_id=shop.channel.pk)
    waits = take_in(body(change(phone, messages=[text("after the end")])))[0]
    assert waits.account["parked"] == 1
    assert (forget(), left()) == (0, {waits.pk})


def test_what_is_routed_after_all_is_a_leftover_no_more(shop):
    early = take_in(body(change("999000993", messages=[text("early")])))[0]
    assert early.leftover
    factories.channel(phone_number_id="999000993")
    ChannelAddress.objects.filter(value="999000993").update(replay_pending=True)
    take_in(body(change("999000993", messages=[text("late")])))
    assert (forget(), WebhookDelivery.objects.get(pk=early.pk).leftover) == (0, False)


def test_young_ones_stay(shop):
    take_in(body(change("999000994", messages=[text("nobody's")])))
    assert (forget(timedelta(days=30)), len(left())) == (0, 1)


def test_they_are_found_by_an_index(shop):
    take_in(body(change("999000996", messages=[text("nobody's")])))
    indexed(forget)
