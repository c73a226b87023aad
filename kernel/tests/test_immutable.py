"""Messages, audit entries and domain events are written once."""

import pytest
from bson import ObjectId
from pymongo import DeleteOne, UpdateOne

from kernel import audit
from kernel.models import AuditEntry, DomainEvent
from kernel.mongo.doors import collection, owner
from kernel.mongo.engine.guard import Immutable, Rewrite, rewriting
from kernel.mongo.wire import wire_log
from kernel.scoping import Reason, tenant_scope, unscoped
from kernel.scoping.registry import immutable_collections
from tests.factories import Contact, Message, contact, message, new_world


@pytest.fixture(scope="module")
def written(django_db_setup, django_db_blocker):
    """Nothing here changes it, so one serves all."""
    with django_db_blocker.unblock():
        world = new_world()
        with tenant_scope(world.tenant):
            made = message(text="as it was written")
        yield world, made.pk


@pytest.fixture
def row(written):
    world, pk = written
    with tenant_scope(world.tenant):
        yield Message.objects.get(pk=pk)


def test_these_collections_are_written_once():
    assert immutable_collections() == {"messages", "audit_log", "domain_events"}


ATTEMPTS = {
    "save": lambda row: _edited(row).save(),
    "save of one field": lambda row: _edited(row).save(update_fields=["text"]),
    "update": lambda row: Message.objects.filter(pk=row.pk).update(text="edited"),
    "bulk_update": lambda row: Message.objects.bulk_update([_edited(row)], ["text"]),
    "update_or_create": lambda row: Message.objects.update_or_create(
        pk=row.pk, defaults={"text": "edited"}
    ),
    "delete": lambda row: row.delete(),
    "delete of a queryset": lambda row: Message.objects.all().delete(),
    "raw update": lambda row: collection(Message).update_one(
        _where(row), {"$set": {"text": "edited"}}
    ),
    "raw updates": lambda row: collection(Message).update_many(
        _where(row), {"$set": {"text": "edited"}}
    ),
    "raw find and update": lambda row: collection(Message).find_one_and_update(
        _where(row), {"$set": {"text": "edited"}}
    ),
    "raw replacement": lambda row: collection(Message).replace_one(
        _where(row), {**owner(), "text": "edited"}
    ),
    "raw delete": lambda row: collection(Message).delete_one(_where(row)),
    "raw deletes": lambda row: collection(Message).delete_many(_where(row)),
    "bulk": lambda row: collection(Message).bulk_write(
        [UpdateOne(_where(row), {"$set": {"text": "edited"}})]
    ),
    "bulk delete": lambda row: collection(Message).bulk_write([DeleteOne(_where(row))]),
}


def _edited(row):
    row.text = "edited"
    return row


def _where(row):
    return {**owner(), "_id": ObjectId(row.pk)}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_a_message_can_neither_be_changed_nor_deleted(row, name):
    with wire_log.record() as sent, pytest.raises(Immutable):
        ATTEMPTS[name](row)
    assert [
        c.name for c in sent if c.collection == "messages" and c.name not in ("aggregate", "find")
    ] == []
    assert list(Message.objects.values_list("id", "text")) == [(row.pk, "as it was written")]


def test_unscoped_code_cannot_change_one_either(row):
    with unscoped(Reason.MIGRATE), pytest.raises(Immutable):
        Message.objects.filter(pk=row.pk).update(text="edited")
    assert Message.objects.get(pk=row.pk).text == "as it was written"


@pytest.mark.parametrize("reason", list(Rewrite))
def test_a_named_reason_may(world, reason):
    with tenant_scope(world.tenant):
        assert_rewritable(message(text="as it was written"), reason)


def assert_rewritable(row, reason):
    with rewriting(reason):
        Message.objects.filter(pk=row.pk).update(text="")
    assert Message.objects.get(pk=row.pk).text == ""
    with pytest.raises(Immutable):
        Message.objects.filter(pk=row.pk).update(text="again")


def test_the_audit_log_and_events_hold_too(world):
    with tenant_scope(world.tenant):
        audit.record("thing.done", ("thing", "1"))
        before = AuditEntry.objects.count(), DomainEvent.objects.count()
        assert min(before) > 0
        for model in (AuditEntry, DomainEvent):
            with pytest.raises(Immutable):
                model.objects.all().delete()
            with pytest.raises(Immutable):
                model.objects.first().save()
        assert (AuditEntry.objects.count(), DomainEvent.objects.count()) == before


def test_other_rows_change_as_they_like(world):
    with tenant_scope(world.tenant):
        row = contact()
        Contact.objects.filter(pk=row.pk).update(name="changed")
        assert Contact.objects.get(pk=row.pk).name == "changed"
        row.delete()
        assert Contact.objects.count() == 0
