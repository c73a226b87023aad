"""The short way between documents and rows gives what the ORM gives, for every model of a tenant."""

import bson
import pytest

from kernel.mongo.doors import ObjectId, collection
from kernel.mongo.rows import document, find_one, find_rows, insert_rows
from kernel.scoping import tenant_scope
from kernel.scoping.context import NoActiveTenant, TenantMismatch
from tenants.models import TenantSettings
from tests.factories import Contact, any_row, contact, tenant_models


@pytest.fixture
def inside(world):
    with tenant_scope(world.tenant):
        yield


MODELS = [
    pytest.param(model, id=model._meta.label)
    for model in tenant_models()
    if model is not TenantSettings
]


@pytest.mark.parametrize("model", MODELS)
def test_a_row_is_read_as_the_orm_reads_it(inside, world, model):
    row = any_row(model)
    row.save(force_insert=True)
    (found,) = find_rows(model, {"_id": ObjectId(row.pk)})
    ours, theirs = vars(found), vars(model.objects.get(pk=row.pk))
    ours.pop("_state"), theirs.pop("_state")
    assert ours == theirs
    assert {name: type(value) for name, value in ours.items()} == {
        name: type(value) for name, value in theirs.items()
    }


@pytest.mark.parametrize("model", MODELS)
def test_a_row_is_written_as_the_orm_writes_it(inside, world, model):
    row = any_row(model)
    row.save(force_insert=True)
    stored = collection(model).find_one(
        {"tenantId": ObjectId(world.tenant.pk), "_id": ObjectId(row.pk)}
    )
    written = bson.decode(bson.encode(document(row)))
    assert written == stored
    assert [type(v) for v in written.values()] == [type(stored[name]) for name in written]


def test_inserted_rows_belong_to_the_active_tenant(inside, world):
    rows = [Contact(name="Noa"), Contact(name="Dan")]
    insert_rows(rows)
    assert {row.tenant_id for row in rows} == {world.tenant.pk}
    assert sorted(Contact.objects.values_list("name", flat=True)) == ["Dan", "Noa"]
    assert not any(row._state.adding for row in rows)


def test_another_tenants_rows_are_neither_found_nor_written(world, new_tenant):
    with tenant_scope(new_tenant("Other").tenant):
        theirs = contact(name="Theirs")
    with tenant_scope(world.tenant):
        assert find_rows(Contact, {}) == []
        assert find_one(Contact, {"_id": ObjectId(theirs.pk)}) is None
        with pytest.raises(TenantMismatch):
            insert_rows([Contact(name="x", tenant_id=theirs.tenant_id)])


def test_without_a_tenant_nothing_is_read_or_written(world):
    for attempt in (lambda: find_rows(Contact, {}), lambda: insert_rows([Contact(name="x")]),
                    lambda: find_one(Contact, {"name": "x"})):  # fmt: skip
        with pytest.raises((NoActiveTenant, TenantMismatch)):
            attempt()
