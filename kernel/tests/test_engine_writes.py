"""Writes of the engine: one document is retried by the driver, ids are text."""

import json

import pytest
from bson import ObjectId
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection
from django.db.models import F
from kombu.serialization import dumps, loads
from pymongo import ASCENDING, IndexModel

from kernel.mongo.doors import collection, owner
from kernel.mongo.engine.schema import plain_unique
from kernel.mongo.fields import DocumentField
from kernel.mongo.wire import wire_log
from kernel.scoping import Reason, tenant_scope, unscoped
from kernel.scoping.context import outside_scope
from tests.factories import Contact, contact
from tests.failpoints import fail_command


@pytest.fixture
def scope(world):
    with tenant_scope(world.tenant):
        yield world


def command_of(operation):
    with wire_log.record() as sent:
        operation()
    (command,) = sent
    return command


def test_saving_a_row_is_one_update_that_the_driver_may_retry(scope):
    row = contact()
    command = command_of(lambda: _rename(row, "new").save(update_fields=["name"]))
    (update,) = command.body["updates"]
    assert command.name == "update"
    assert not update.get("multi", False)
    assert "txnNumber" in command.body
    assert {"tenantId": ObjectId(scope.tenant.pk)} in update["q"]["$and"]


def _rename(row, name):
    row.name = name
    return row


@pytest.mark.parametrize("write", [
    lambda row: row.save(),
    lambda row: row.save(update_fields=["name"]),
    lambda row: Contact.objects.filter(pk=row.pk).update(version=F("version") + 1),
])  # fmt: skip
def test_a_dropped_socket_does_not_lose_or_double_an_update(scope, write):
    row = contact(version=1)
    row.name, row.version = "changed", 2
    with fail_command("update", times=1, closeConnection=True) as hits:
        write(row)
    assert hits() == 1
    assert Contact.objects.get(pk=row.pk).version in (1, 2)
    assert Contact.objects.count() == 1


def test_an_increment_over_a_dropped_socket_counts_once(scope):
    row = contact(version=1)
    with fail_command("update", times=1, closeConnection=True):
        Contact.objects.filter(pk=row.pk).update(version=F("version") + 1)
    assert Contact.objects.get(pk=row.pk).version == 2


def test_a_dropped_socket_does_not_lose_or_double_an_insert(scope):
    with fail_command("insert", times=1, closeConnection=True) as hits:
        contact(name="once")
    assert hits() == 1
    assert Contact.objects.filter(name="once").count() == 1


def test_an_update_of_many_stays_an_update_of_many(scope):
    for _ in range(3):
        contact(name="many")
    command = command_of(lambda: Contact.objects.filter(name="many").update(name="more"))
    assert command.body["updates"][0]["multi"] is True
    assert Contact.objects.filter(name="more").count() == 3


def test_saving_a_row_that_is_gone_says_so(scope):
    row = contact()
    Contact.objects.filter(pk=row.pk).delete()
    with pytest.raises(DatabaseError, match="did not affect any rows"):
        row.save(force_update=True)
    assert Contact.objects.count() == 0


def test_ids_are_text_everywhere_they_come_from(scope):
    made = contact()
    bulk = Contact.objects.bulk_create([Contact(name="a"), Contact(name="b")])
    plain = Contact(name="c")
    plain.pk = None
    plain.save()
    ids = [
        made.pk, made.tenant_id, plain.pk, *(row.pk for row in bulk),
        Contact.objects.get(pk=made.pk).pk,
        *Contact.objects.values_list("id", flat=True),
        *(row["id"] for row in Contact.objects.values("id")),
        *Contact.objects.in_bulk([made.pk]),
    ]  # fmt: skip
    assert all(type(i) is str and len(i) == 24 for i in ids), ids
    raw = connection.database["contacts"].find_one(
        {"_id": ObjectId(made.pk), "tenantId": ObjectId(scope.tenant.pk)}
    )
    assert type(raw["_id"]) is ObjectId


def test_ids_survive_json_and_celery(scope):
    made = contact()
    assert json.loads(json.dumps({"id": made.pk})) == {"id": made.pk}
    content_type, encoding, body = dumps([made.pk], serializer="json")
    assert loads(body, content_type, encoding) == [made.pk]
    assert Contact.objects.filter(pk=ObjectId(made.pk)).count() == 1


@pytest.mark.parametrize("wrong", ["", "x", "0" * 23, "g" * 24, 7, None])
def test_a_malformed_id_finds_nothing_or_is_refused(scope, wrong):
    contact()
    try:
        assert Contact.objects.filter(pk=wrong).count() == 0
    except (ValueError, TypeError, ValidationError) as error:
        assert str(wrong) in str(error)


def test_a_unique_index_is_plain_unless_a_column_may_be_null():
    def index(**partial):
        return IndexModel(
            [("tenantId", ASCENDING), ("name", ASCENDING)], name="once", unique=True,
            partialFilterExpression=partial,
        )  # fmt: skip

    types = {"tenantId": {"$type": "objectId"}, "name": {"$type": "string"}}
    assert "partialFilterExpression" not in plain_unique(index(**types)).document
    kept = plain_unique(index(**types), frozenset({"name"})).document["partialFilterExpression"]
    assert kept == {"name": {"$type": "string"}}
    conditional = plain_unique(index(**types, active={"$eq": True})).document
    assert conditional["partialFilterExpression"] == {"active": {"$eq": True}}
    assert conditional["unique"] is True


@pytest.mark.parametrize("default", [dict, list, "", "$text", None])
def test_old_rows_get_a_new_columns_default_whatever_it_is(scope, default):
    row = contact()
    null = default is None
    field = DocumentField(null=True) if null else DocumentField(default=default)
    field.set_attributes_from_name("added")
    with outside_scope(), unscoped(Reason.MIGRATE), connection.schema_editor() as editor:
        editor.add_field(Contact, field)
    found = collection(Contact).find_one({**owner(), "_id": ObjectId(row.pk)})
    assert found["added"] == (default() if callable(default) else default)
