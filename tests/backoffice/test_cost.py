"""Every list costs the same whatever the tenant holds: few commands, all by an index."""

import pytest

from kernel.mongo.ids import new_id
from kernel.mongo.wire import wire_log
from kernel.scoping.fields import TenantForeignKey
from messaging.models import Attachment
from tests import factories
from tests.backoffice.registered import name_of, pages, row_of
from tests.explain import assert_indexed
from webhooks.models import WebhookDelivery

MOST = 10
# References that are different in each row of a tenant.
UNIQUE = {"message", "contact"}


def _cost(page, address, query=None):
    with wire_log.record() as commands:
        assert page.get(address, query or {}).status_code == 200
    return commands


def _many(model):
    """More rows than a page and than the planner looks at, so that it takes what scales."""
    first = row_of(model)
    shared = {
        field.name: getattr(first, field.name)
        for field in model._meta.concrete_fields
        if isinstance(field, TenantForeignKey) and field.name not in UNIQUE
    }
    model.objects.bulk_create([factories.any_row(model, **shared) for _ in range(60)])


@pytest.mark.parametrize("page_", pages(), ids=name_of)
def test_a_list_takes_at_most_ten_commands_by_an_index(page_, page, world, urls, monkeypatch):
    monkeypatch.setattr(page_, "list_per_page", 20)
    with factories.inside(world):
        _many(page_.model)
    page.get(urls(page_.model))  # the first look is written into the audit log and the session
    commands = _cost(page, urls(page_.model))
    assert len(commands) <= MOST, [f"{c.name} {c.collection}" for c in commands]
    assert_indexed([c for c in commands if c.collection == page_.model._meta.db_table])


@pytest.mark.parametrize("address", ["/admin/", "/admin/work/"])
def test_the_first_pages_take_few_commands(address, page, world):
    page.get(address)
    assert len(_cost(page, address)) <= MOST


def test_a_thread_takes_few_commands(page, world, urls):
    with factories.inside(world):
        talk = factories.conversation()
        for number in range(30):
            said = factories.message(talk, seq=number + 1, attachment_count=1)
            factories.item(message_id=said.pk).save(force_insert=True)
        others = [factories.item(message_id=new_id()) for _ in range(200)]
        Attachment.objects.bulk_create(others)
    page.get(urls(talk))
    commands = _cost(page, urls(talk))
    assert len(commands) <= MOST, [f"{c.name} {c.collection}" for c in commands]
    assert_indexed(
        [c for c in commands if c.collection in ("messages", "message_updates", "attachments")]
    )


def test_the_list_of_raw_deliveries_does_not_read_bodies(page, world, urls):
    commands = _cost(page, urls(WebhookDelivery), {"show": "all"})
    (read,) = [c for c in commands if c.collection == "webhook_deliveries"]
    assert "body" not in str(read.body["pipeline"][-1])
    assert len(commands) <= MOST
