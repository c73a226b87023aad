"""An address that changes hands: what came before is whose it was then, however late it is routed."""

import pytest

from channels.holders import Owners
from channels.models import Channel, ChannelAddress
from channels.services.addresses import free
from kernel.clock import now
from kernel.mongo.transactions import run_transaction
from kernel.scoping import tenant_scope
from kernel.scoping.context import outside_scope
from kernel.work.lanes import mark
from messaging.models import Message
from tests import factories
from tests.inbound import body, change, post, text, work_off
from webhooks.bodies import open_body
from webhooks.models import WebhookDelivery
from webhooks.services import explode


@pytest.fixture
def other(new_tenant):
    with outside_scope():
        return new_tenant("Other")


def texts(tenant):
    with outside_scope(), tenant_scope(tenant):
        return [m.text for m in Message.objects.order_by("conversation_id", "seq")]


def give_up(channel):
    def change_state():
        free(channel)
        Channel.objects.filter(pk=channel.pk).update(status=Channel.REMOVED)

    run_transaction(change_state)


def take_over(world, phone):
    """Another tenant connects the number; what waits for it is still to be replayed."""
    with outside_scope(), factories.inside(world):
        channel = factories.channel(phone_number_id=phone)
        ChannelAddress.objects.filter(value=phone).update(replay_pending=True)
        mark("explode", "all", tenant_id="")
    return channel


@pytest.mark.parametrize("taken_over", [False, True])
def test_what_came_before_a_number_was_given_up_stays_its_former_owners(shop, other, taken_over):
    phone = shop.channel.external["phone_number_id"]
    ids = post(body(change(phone, messages=[text("for the first")])))
    give_up(shop.channel)
    if taken_over:
        take_over(other, phone)
        ids += post(body(change(phone, messages=[text("for the second")])))
    work_off("explode", "ingest")
    assert texts(shop.tenant) == ["for the first"]
    assert texts(other.tenant) == (["for the second"] if taken_over else [])
    assert {WebhookDelivery.objects.get(pk=id_).account.get("stored") for id_ in ids} == {1}


def test_what_came_while_nobody_had_it_is_the_next_owners(shop, other):
    phone = shop.channel.external["phone_number_id"]
    give_up(shop.channel)
    post(body(change(phone, messages=[text("in between")])))
    work_off("explode", "ingest")
    take_over(other, phone)
    work_off("explode", "ingest")
    assert (texts(shop.tenant), texts(other.tenant)) == ([], ["in between"])


def test_a_number_connected_while_a_turn_had_begun_gets_its_old_items_first(
    shop, other, monkeypatch
):
    """The turn looks for what is to be replayed before it reads who owns what: a connection may lie between."""
    phone = factories.digits(15)
    for word in ("one", "two"):
        post(body(change(phone, messages=[text(word)])))
    work_off("explode")
    take_over(other, phone)
    post(body(change(phone, messages=[text("three")])))
    seen, looked = explode._replay_first, []

    def not_yet_seen():
        looked.append(None)
        return 0 if len(looked) == 1 else seen()

    monkeypatch.setattr(explode, "_replay_first", not_yet_seen)
    work_off("explode", "ingest")
    assert texts(other.tenant) == ["one", "two", "three"]


def test_a_raw_body_of_then_is_not_shown_to_who_has_the_number_now(shop, other):
    phone = shop.channel.external["phone_number_id"]
    post(body(change(phone, messages=[text("for the first")])))
    give_up(shop.channel)
    take_over(other, phone)
    delivery = WebhookDelivery.objects.latest("received_at")
    opened = open_body(delivery)
    assert opened.is_own and [channel for channel, _ in opened.own] == [shop.channel.pk]
    with outside_scope(), tenant_scope(other.tenant):
        assert open_body(delivery).readable(unowned=True) == ""


def test_of_several_removed_channels_it_is_the_one_of_that_time(shop):
    phone = shop.channel.external["phone_number_id"]
    then = now()
    give_up(shop.channel)
    later = factories.channel(phone_number_id=phone)
    give_up(later)
    address = ("phone_number_id", phone)
    at = [(shop.tenant.pk, shop.channel.pk), (shop.tenant.pk, later.pk)]
    with outside_scope():
        owners = Owners({(address, then), (address, later.created_at)})
        assert [owners.of(address, moment) for moment in (then, later.created_at)] == at
        assert Owners({(address, now())}).of(address, now()) == ("", "")
