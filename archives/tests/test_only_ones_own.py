"""Erasing takes what is one's own out of raw bodies; what is others', or nobody's yet, stays as it came."""

import json

import pytest

from archives.models import Erasure
from archives.services import erasing
from archives.services.erasures import ask_erasure
from archives.services.forgetting import erase_contact
from archives.tests.lived import exported, fetched, live, places_of, taken_in
from channels.models import Channel, ChannelAddress, FormerAddress
from channels.services.addresses import claim
from channels.services.connect import remove_channel
from crm.models import Contact, ContactIdentity
from kernel.mongo.transactions import run_transaction
from kernel.scoping import tenant_scope
from messaging.models import Message
from tenants.models import Tenant
from tests import factories
from tests.inbound import body, change, post, take_in, text, work_off
from webhooks.models import WebhookDelivery


@pytest.fixture(autouse=True)
def at_once(monkeypatch, settings):
    settings.ERASE_GRACE_DAYS = 0
    monkeypatch.setattr(erasing, "SETTLE_S", 0.0)


@pytest.fixture
def phone():
    """One person, who writes to several businesses: a wa_id is the same for all of them."""
    return factories.digits(12)


def shop_of(world) -> str:
    """The number of a new channel."""
    with factories.inside(world):
        return factories.channel().external["phone_number_id"]


def bytes_of(*rows: WebhookDelivery) -> list[bytes]:
    return [bytes(WebhookDelivery.objects.get(pk=row.pk).body) for row in rows]


def forget(world, phone: str, contact: Contact | None = None) -> None:
    with factories.inside(world):
        known = contact or ContactIdentity.objects.get(value=phone).contact
        erase_contact(contact_id=known.pk)
    work_off("forget", "media", "relay")


def erase(world) -> None:
    with factories.inside(world):
        erasure = ask_erasure(slug=world.tenant.slug)
    while Erasure.objects.get(pk=erasure.pk).is_open:
        work_off("erase")


def said(number: str, phone: str, words: str) -> dict:
    return change(number, messages=[text(words, of=phone)])


def test_one_person_at_two_tenants_is_forgotten_by_one_of_them(world, new_tenant, phone):
    other = new_tenant("Globex")
    ours, theirs = shop_of(world), shop_of(other)
    rows = take_in(body(said(ours, phone, "to us")), body(said(theirs, phone, "to them")))
    (mixed,) = take_in(body(said(ours, phone, "us again"), said(theirs, phone, "them again")))
    before = bytes_of(*rows)
    forget(world, phone)
    own, foreign = bytes_of(*rows)
    assert phone.encode() not in own and foreign == before[1]
    left = json.loads(bytes_of(mixed)[0])["entry"][0]["changes"]
    assert [c["value"]["messages"][0]["text"]["body"] for c in left] == ["them again"]
    assert left[0]["value"]["contacts"]
    with factories.inside(other):
        assert Message.objects.filter(text="them again").exists()


def test_a_repetition_of_what_was_forgotten_takes_no_sibling_along(world, new_tenant, phone):
    ours, theirs = shop_of(world), shop_of(new_tenant("Globex"))
    old = said(ours, phone, "to us")
    take_in(body(old))
    forget(world, phone)
    (again,) = take_in(body(old, said(theirs, phone, "to them")))
    assert again.account == {"duplicate": 1, "stored": 1, "received": 2}
    rest = bytes_of(again)[0]
    assert b"to them" in rest and b"to us" not in rest and ours.encode() not in rest


@pytest.mark.parametrize("how", ["contact", "tenant"])
def test_what_waits_for_an_owner_survives_and_lands_when_one_connects(
    world, new_tenant, phone, how
):
    ours, nobodys = shop_of(world), factories.digits(15)
    (mixed,) = take_in(body(said(ours, phone, "to us"), said(nobodys, phone, "to somebody")))
    (alone,) = take_in(body(said(nobodys, phone, "and more")))
    assert mixed.parked == alone.parked == [f"phone_number_id:{nobodys}"]
    before = bytes_of(alone)
    forget(world, phone) if how == "contact" else erase(world)
    assert bytes_of(alone) == before and b"to us" not in bytes_of(mixed)[0]
    later = new_tenant("Globex")
    with factories.inside(later):
        channel = factories.channel()
        run_transaction(lambda: claim(channel, [("phone_number_id", nobodys)]))
    (woken,) = take_in(body(said(nobodys, phone, "now")))
    with factories.inside(later):
        texts = list(Message.objects.order_by("seq").values_list("text", flat=True))
    assert texts == ["to somebody", "and more", "now"] and woken.account["stored"] == 1
    account = WebhookDelivery.objects.get(pk=mixed.pk).account
    assert account == {"received": 2, "stored": 2, "parked": 0}


def test_an_erased_tenant_leaves_new_deliveries_of_others(world, new_tenant, phone):
    other = new_tenant("Globex")
    ours, theirs = shop_of(world), shop_of(other)
    mine, mixed, foreign = post(
        body(said(ours, phone, "to us")),
        body(said(ours, phone, "us too"), said(theirs, phone, "to them")),
        body(said(theirs, phone, "them too")),
    )
    before = bytes(WebhookDelivery.objects.get(pk=foreign).body)
    erase(world)
    assert not WebhookDelivery.objects.filter(pk=mine).exists()
    assert bytes(WebhookDelivery.objects.get(pk=foreign).body) == before
    assert b"us too" not in bytes(WebhookDelivery.objects.get(pk=mixed).body)
    work_off("explode", "ingest")
    with factories.inside(other):
        assert set(Message.objects.values_list("text", flat=True)) == {"to them", "them too"}
    assert WebhookDelivery.objects.get(pk=mixed).account == {"received": 1, "stored": 1}


def test_an_archive_that_names_others_aims_at_nobody(world, new_tenant, phone, tmp_path):
    """Its channel says it has a customer's number and another tenant's; its contact is known by their ids."""
    other, number, parked = new_tenant("Globex"), factories.digits(15), factories.digits(15)
    theirs = shop_of(other)
    lived = live(world, messages=1)
    aims = [phone, number, parked, theirs]
    with factories.inside(world):
        Channel.objects.update(external={"phone_number_id": number, "waba_id": theirs,
                                         "page_id": parked, "ig_id": phone})  # fmt: skip
        for value in aims:
            ContactIdentity.objects.create(contact=lived.contact, kind="wa_id", value=value)
    row = taken_in(fetched(exported(world), tmp_path), world.user)
    rows = take_in(body(said(theirs, phone, "to them")), body(said(parked, phone, "to somebody")),
                   body(said(factories.digits(15), number, "to a stranger")))  # fmt: skip
    (waiting,) = post(body(said(theirs, number, "new")))
    before = bytes_of(*rows)
    world.tenant = Tenant.objects.get(pk=row.new_tenant_id)
    with tenant_scope(row.new_tenant_id):
        contact = ContactIdentity.objects.get(value=phone).contact
    forget(world, phone, contact)
    assert bytes_of(*rows) == before
    erase(world)
    assert bytes_of(*rows) == before and WebhookDelivery.objects.filter(pk=waiting).exists()


def test_an_address_that_was_given_up_is_still_its_time_of_the_tenant(world, new_tenant, phone):
    lived, other = live(world, messages=1), new_tenant("Globex")
    number = lived.channel.external["phone_number_id"]
    (old,) = take_in(body(said(number, phone, "in our time")))
    with factories.inside(world):
        remove_channel(channel_id=lived.channel.pk)
    assert FormerAddress.objects.get(value=number).tenant_id == world.tenant.pk
    (between,) = take_in(body(said(number, phone, "in nobody's time")))
    with factories.inside(other):
        channel = factories.channel()
        run_transaction(lambda: claim(channel, [("phone_number_id", number)]))
    (new,) = take_in(body(said(number, phone, "in their time")))
    before = bytes_of(between, new)
    forget(world, phone)
    assert phone.encode() not in bytes_of(old)[0] and bytes_of(between, new) == before
    erase(world)
    assert bytes_of(between, new) == before and places_of(lived.canary) == {}
    assert not WebhookDelivery.objects.filter(pk=old.pk).exists()
    assert not FormerAddress.objects.filter(tenant_id=world.tenant.pk).exists()
    assert ChannelAddress.objects.get(value=number).tenant_id == other.tenant.pk


def test_what_could_not_be_cut_goes_with_the_tenant_that_it_names(world, new_tenant, phone):
    ours, theirs = shop_of(world), shop_of(new_tenant("Globex"))
    broken = lambda number, words: {**said(number, phone, words), "field": ""}  # noqa: E731
    mine, foreign, both = take_in(
        body(broken(ours, "to us")),
        body(broken(theirs, "to them")),
        body({**broken(ours, "of both"), "about": theirs}),
    )
    before = bytes_of(foreign, both)
    erase(world)
    assert not WebhookDelivery.objects.filter(pk=mine.pk).exists()
    assert bytes_of(foreign, both) == before


def test_what_a_tenants_own_app_posted_goes_whole(world, new_tenant, phone):
    theirs = shop_of(new_tenant("Globex"))
    with factories.inside(world):
        channel = factories.channel()
    strange, unreadable, foreign = take_in(
        body(said(theirs, phone, "said of another")), b"{not json", source=f"channel:{channel.pk}"
    ) + take_in(b"{not json either")
    erase(world)
    left = WebhookDelivery.objects.filter(pk__in=[strange.pk, unreadable.pk, foreign.pk])
    assert list(left.values_list("pk", flat=True)) == [foreign.pk]
