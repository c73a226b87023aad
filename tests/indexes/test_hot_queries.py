"""Every list, lookup and claim that runs per request or per message is served by an index."""

from datetime import timedelta

import pytest
from django.test import RequestFactory
from rest_framework.request import Request

from channels.selectors import list_channels
from config.api.paging import page
from conversations.selectors import ORDER, get_conversation, list_conversations
from crm.selectors import list_contacts
from kernel import idempotency, vault
from kernel.clock import now
from kernel.models import IdempotencyKey
from kernel.mongo.doors import collection
from kernel.mongo.wire import wire_log
from kernel.scoping import Reason, unscoped
from kernel.scoping.context import outside_scope
from messaging.models import Attachment
from messaging.selectors import delivery_of, list_messages, shown, updates_of
from tenants import keys, principals
from tenants.models import ApiKey, Tenant
from tenants.selectors import list_api_keys, list_members
from tenants.services.tenant import is_suspended, tenants_of
from tests.explain import assert_indexed, plans
from webhooks.selectors import list_webhook_events

LIMIT = 50


def recorded(operation):
    with wire_log.record() as sent:
        result = operation()
    return result, sent


def indexed(operation, **options):
    """The result of an operation all of whose commands are served by indexes."""
    result, sent = recorded(operation)
    assert_indexed(sent, everything=True, **options)
    return result


def two_pages(rows, order, **query):
    """Two pages through the API's own paging, each of them indexed."""
    first = indexed(lambda: _page(rows, order, query))
    assert len(first["results"]) == LIMIT
    assert first["next"]
    second = indexed(lambda: _page(rows, order, {**query, "cursor": first["next"]}))
    assert len(second["results"]) == LIMIT
    assert not set(first["results"]) & set(second["results"])
    return first["results"] + second["results"]


def _page(rows, order, query):
    request = Request(RequestFactory().get("/", {"limit": str(LIMIT), **query}))
    return page(request, rows, keys=order, render=lambda found: [r.pk for r in found], scope="test")


FILTERS = {
    "everything": lambda shop: {},
    "open": lambda shop: {"status": ["open"]},
    "open and pending": lambda shop: {"status": ["open", "pending"]},
    "of an assignee": lambda shop: {"assignee_id": shop.world.owner.pk},
    "open of an assignee": lambda shop: {"assignee_id": shop.world.owner.pk, "status": ["open"]},
    "unassigned": lambda shop: {"unassigned": True},
    "open unassigned": lambda shop: {"unassigned": True, "status": ["open"]},
    "of a channel": lambda shop: {"channel_id": shop.channels[0].pk},
    "closed of a channel": lambda shop: {"channel_id": shop.channels[1].pk, "status": ["closed"]},
    "unread": lambda shop: {"unread": True},
    "open unread": lambda shop: {"unread": True, "status": ["open"]},
    "read": lambda shop: {"unread": False},
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_list_of_conversations(shop, name):
    filters = FILTERS[name](shop)
    found = two_pages(list_conversations(**filters), ORDER)
    every = sorted(
        list_conversations(**filters), key=lambda c: (c.last_activity_at, c.pk), reverse=True
    )
    assert found == [c.pk for c in every[: 2 * LIMIT]]


def test_the_conversations_of_a_contact(shop):
    contact = shop.contacts[3]
    found, sent = recorded(lambda: _page(list_conversations(contact_id=contact.pk), ORDER, {}))
    assert len(found["results"]) == 11
    (plan,) = plans(sent)  # its few conversations are found by an index and sorted in memory
    assert plan.examined == 11 and "COLLSCAN" not in plan.stages


def test_a_conversation_by_id(shop):
    indexed(lambda: get_conversation(shop.conversations[7].pk))


def test_the_messages_of_a_long_conversation(shop):
    long = shop.conversations[0]
    rows = list_messages(long.pk)
    found = two_pages(rows, ("-seq",))
    assert found == [m.pk for m in sorted(rows, key=lambda m: -m.seq)[: 2 * LIMIT]]


def test_a_page_of_messages_with_their_states_and_files(shop):
    messages = shop.messages[100:150]
    found = indexed(lambda: shown(messages))
    assert sum(len(s.attachments) for s in found) == 5
    assert {s.state.status for s in found} == {"received", "delivered"}


def test_what_happened_to_one_message_and_its_delivery(shop):
    message = shop.messages[2001]
    assert len(indexed(lambda: updates_of(message.pk))) == 2
    assert indexed(lambda: delivery_of(message.pk)).message_id == message.pk
    files = lambda: list(Attachment.objects.filter(message_id=shop.messages[0].pk).order_by("id"))  # noqa: E731
    assert len(indexed(files)) == 1


def test_lists_of_contacts_channels_members_and_keys(shop):
    two_pages(list_contacts(), ("-id",))
    assert (
        len(
            indexed(lambda: _page(list_contacts(phone=shop.contacts[9].phone), ("-id",), {}))[
                "results"
            ]
        )
        == 1
    )
    indexed(lambda: _page(list_channels(), ("-id",), {}))
    indexed(lambda: _page(list_members(), ("user_id",), {}))
    indexed(lambda: _page(list_api_keys(), ("-id",), {}))


def test_the_ledger_by_state_and_whole(shop):
    two_pages(list_webhook_events(), ("-id",))
    for state in ("dead", "parked"):
        two_pages(list_webhook_events(states=[state]), ("-id",))


# ------------------------------------------------------------------ who asks


def test_an_api_key_is_resolved_by_its_id(shop):
    text = keys.render(shop.key.pk, keys.new_secret())
    parsed = keys.parse(text)
    with outside_scope(), unscoped(Reason.RESOLVE_API_KEY):
        indexed(lambda: ApiKey.objects.filter(pk=parsed.id).first())


def test_a_principal_is_found_by_indexes(shop):
    tenant, user = shop.world.tenant, shop.world.user
    with outside_scope():
        for named in (tenant.slug, tenant.pk):
            found, principal = indexed(lambda n=named: principals.principal_of_user(user, n))
            assert (found.pk, principal.role) == (tenant.pk, "owner")
        assert [t.pk for t, _ in indexed(lambda: tenants_of(user))] == [tenant.pk]
        assert indexed(lambda: is_suspended(tenant.pk), slack=1) is False
    assert Tenant.objects.count() >= 2


def test_an_idempotency_key_is_found_and_expired_ones_too(shop):
    row = indexed(lambda: IdempotencyKey.objects.get(key="k77"))
    assert row.key == "k77"
    with outside_scope(), unscoped(Reason.PURGE_EXPIRED):
        expired = {"expires_at": {"$lt": now()}}
        indexed(lambda: list(collection(IdempotencyKey).find(expired)))
    assert timedelta(hours=24) == idempotency.KEPT


def test_the_vault_finds_its_key(shop):
    row = vault.TenantKey.objects.get()
    indexed(lambda: vault.TenantKey.objects.order_by("-id").first())
    indexed(lambda: vault.TenantKey.objects.filter(pk=row.pk).first())
