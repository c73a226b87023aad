"""Connecting an account: proved first, then recorded at once; a refusal leaves nothing."""

import pytest

from channels.errors import (
    AccountTaken,
    ChannelTaken,
    CredentialsRefused,
    ProviderUnavailable,
)
from channels.holders import Owners
from channels.models import Channel, ChannelAddress, ChannelCredential, MessageTemplate
from channels.services.connect import connect_whatsapp, remove_channel
from kernel import vault
from kernel.clock import now
from kernel.models import AuditEntry, DomainEvent
from kernel.scoping.context import outside_scope
from tenants.access import acting
from tenants.errors import PermissionDenied
from tests import factories
from tests.simulator import TOKEN


def number(live):
    given = live.simulator.numbers.pop()
    return {"phone_number_id": given["phone_number_id"], "waba_id": given["waba_id"]}


def connect(ids, token=TOKEN):
    return connect_whatsapp(**ids, access_token=token)


def kept():
    return [
        m.objects.count()
        for m in (Channel, ChannelCredential, MessageTemplate, AuditEntry, DomainEvent)
    ]


def refused(error, ids, **more):
    before = kept()
    with pytest.raises(error) as caught:
        connect(ids, **more)
    assert kept() == before
    return caught.value


def test_a_connected_number_is_owned_sealed_and_told(live):
    ids = number(live)
    channel = connect(ids)
    phone = ids["phone_number_id"]
    assert (channel.status, channel.external["phone_number_id"]) == ("active", phone)
    address = ("phone_number_id", phone)
    assert Owners({(address, now())}).of(address, now()) == (live.tenant.pk, channel.pk)
    credential = ChannelCredential.objects.get()
    assert TOKEN not in credential.access_token
    assert vault.open_field(credential, "access_token") == TOKEN
    assert MessageTemplate.objects.filter(channel=channel).count() == 4
    assert DomainEvent.objects.get(type="channel.connected").data["addresses"] == [
        f"phone_number_id:{phone}", f"waba_id:{ids['waba_id']}"
    ]  # fmt: skip
    assert TOKEN not in str(list(AuditEntry.objects.values()) + list(DomainEvent.objects.values()))


def test_a_number_has_one_owner_at_most(live, new_tenant):
    ids = number(live)
    mine = connect(ids)
    refused(ChannelTaken, ids)
    with outside_scope(), factories.inside(new_tenant()):
        refused(ChannelTaken, ids)
    assert ChannelAddress.objects.get(value=ids["phone_number_id"]).channel_id == mine.pk


def test_a_removed_number_can_be_connected_again_by_anybody(live, new_tenant):
    ids = number(live)
    remove_channel(channel_id=connect(ids).pk)
    assert ChannelCredential.objects.count() == 0
    with outside_scope(), factories.inside(new_tenant()):
        assert connect(ids).status == "active"


def account(ids):
    return ChannelAddress.objects.get(kind="waba_id", value=ids["waba_id"])


def test_numbers_of_one_account_are_one_tenants(live, new_tenant):
    first, second, third = number(live), number(live), number(live)
    second["waba_id"] = third["waba_id"] = first["waba_id"]
    mine, next_ = connect(first), connect(second)
    assert account(first).channel_id == mine.pk
    with outside_scope(), factories.inside(new_tenant()):
        refused(AccountTaken, third)
        assert not ChannelAddress.objects.filter(value=third["phone_number_id"]).exists()
    remove_channel(channel_id=mine.pk)
    assert account(first).channel_id == next_.pk
    remove_channel(channel_id=next_.pk)
    with outside_scope(), factories.inside(new_tenant()):
        assert account(third | {"channel": connect(third)}).tenant_id != live.tenant.pk


def test_credentials_that_the_provider_does_not_know_are_refused(live):
    assert refused(CredentialsRefused, number(live), token="EAAwrong").data["provider_code"] == 190


def test_a_provider_that_does_not_answer_records_nothing(live, settings):
    settings.META_GRAPH_URL = "http://127.0.0.1:1"
    refused(ProviderUnavailable, number(live))


def test_only_who_manages_channels_connects_them(live):
    with acting(factories.principal(live, "agent")):
        refused(PermissionDenied, number(live))
