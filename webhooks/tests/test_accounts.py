"""What is said of an account with several numbers reaches the tenant that owns it, once."""

import pytest

from channels.models import Channel, ChannelAddress
from channels.providers import events
from channels.providers.whatsapp.provider import WhatsAppProvider
from channels.services.addresses import claim
from kernel.events import emit
from kernel.models import DomainEvent
from kernel.mongo.transactions import run_transaction
from kernel.scoping import tenant_scope
from kernel.scoping.context import outside_scope
from tests import factories
from tests.inbound import body, change, take_in, text, work_off
from webhooks.models import WebhookDelivery, WebhookEvent


@pytest.fixture(autouse=True)
def _parsed(monkeypatch):
    """Whatever the provider makes of the field today, here it is news of the account."""
    real = WhatsAppProvider.parse

    def parse(self, item):
        if item["field"] != "account_update":
            return real(self, item)
        facts = {"review": item["value"]["decision"]}
        return [events.AccountNotice(topic="account_update", sentence="News.", facts=facts)]

    monkeypatch.setattr(WhatsAppProvider, "parse", parse)


def numbers(count, waba):
    made = [factories.channel(external={"waba_id": waba, "phone_number_id": factories.digits(15)})
            for _ in range(count)]  # fmt: skip
    for channel in made:
        run_transaction(lambda channel=channel: claim(channel, [("waba_id", waba)]))
    return made


def news(waba, decision="APPROVED"):
    value = {"decision": decision}
    return {"object": "whatsapp_business_account", "entry": [
        {"id": waba, "time": 1791200000, "changes": [{"field": "account_update", "value": value}]}]}  # fmt: skip


def noticed():
    return list(DomainEvent.objects.filter(type="channel.noticed").values_list("data", flat=True))


def reviews(*channels):
    return [Channel.objects.get(pk=c.pk).facts.get("review") for c in channels]


def test_an_item_of_an_account_is_applied_once_for_all_its_numbers(shop):
    waba = factories.digits(15)
    one, two = numbers(2, waba)
    first, second = take_in(news(waba), news(waba))
    assert first.account == {"received": 1, "stored": 1}
    assert second.account == {"received": 1, "duplicate": 1}
    assert reviews(one, two, shop.channel) == ["APPROVED", "APPROVED", None]
    (fact,) = noticed()
    assert sorted(fact["channel_ids"]) == sorted([one.pk, two.pk])
    assert WebhookEvent.objects.get().address_kind == "waba_id"


def test_an_item_of_an_account_reaches_no_other_tenant(new_tenant):
    mine, theirs = factories.digits(15), factories.digits(15)
    worlds = [new_tenant(), new_tenant()]
    for world, waba in zip(worlds, (mine, theirs), strict=True):
        with factories.inside(world):
            (world.channel,) = numbers(1, waba)
    take_in(news(theirs))
    for world, expected in zip(worlds, (None, "APPROVED"), strict=True):
        with tenant_scope(world.tenant):
            assert reviews(world.channel) == [expected]


def test_what_came_before_the_account_was_connected_waits_for_it(shop):
    waba = factories.digits(15)
    (parked,) = take_in(news(waba))
    assert parked.parked == [f"waba_id:{waba}"]
    (channel,) = numbers(1, waba)
    from channels.events import ChannelConnected

    emit(ChannelConnected(channel_id=channel.pk, kind="whatsapp", addresses=(f"waba_id:{waba}",)))
    work_off("relay", "react", "explode", "ingest")
    assert reviews(channel) == ["APPROVED"]
    assert WebhookDelivery.objects.get(pk=parked.pk).parked == []


def test_a_second_number_of_an_account_has_nothing_to_replay(shop):
    waba = factories.digits(15)
    numbers(2, waba)
    assert ChannelAddress.objects.filter(kind="waba_id", value=waba).count() == 1


def test_a_tenants_own_app_may_speak_of_the_account_of_its_channel(shop, new_tenant):
    waba, foreign = factories.digits(15), factories.digits(15)
    one, two = numbers(2, waba)
    with outside_scope(), factories.inside(new_tenant()):
        numbers(1, foreign)
    source = f"channel:{two.pk}"
    own, other = take_in(news(waba), news(foreign), source=source)
    assert own.account == {"received": 1, "stored": 1}
    assert other.account == {"received": 1, "dead": 1}
    assert WebhookEvent.objects.get().channel_id == two.pk
    assert reviews(one, two) == ["APPROVED", "APPROVED"]
    (forged,) = take_in(
        body(change(one.external["phone_number_id"], messages=[text("x")])), source=source
    )
    assert forged.account == {"received": 1, "dead": 1}
