"""Every tenant model × every kind of access × the own and a foreign tenant. A new model is in it by itself."""

from collections import Counter

import pytest
from django.db import DatabaseError, models

from kernel.mongo.engine.guard import Immutable
from kernel.mongo.wire import wire_log
from kernel.scoping import NoActiveTenant, Reason, TenantMismatch, tenant_scope, unscoped
from kernel.scoping.fields import TenantField, TenantForeignKey
from kernel.scoping.registry import is_owned
from tests.factories import any_row, new_world, tenant_models

MODELS = tenant_models()
REFUSED = (TenantMismatch, NoActiveTenant)
tally: Counter[str] = Counter()


class Pair:
    """A row of a model in each of two tenants."""

    def __init__(self):
        self.own, self.foreign = new_world(), new_world()
        self.rows = {}

    def of(self, model):
        if model not in self.rows:
            self.rows[model] = self._row(model, self.own), self._row(model, self.foreign)
        return self.rows[model]

    def _row(self, model, world):
        with tenant_scope(world.tenant):
            existing = model.objects.order_by("-id").first() if _is_single(model) else None
            if existing is not None:
                return existing
            row = any_row(model)
            row.save(force_insert=True)
            return model.objects.get(pk=row.pk)


def _is_single(model):
    """A model with one row for each tenant."""
    return any(tuple(c.fields) == ("tenant",) for c in model._meta.constraints)


@pytest.fixture(scope="module")
def pair(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        yield Pair()
    print(f"\nmodels matrix: {len(MODELS)} models, {dict(sorted(tally.items()))}, "
          f"{sum(tally.values())} cells")  # fmt: skip


@pytest.fixture(params=MODELS, ids=lambda m: m._meta.label)
def model(request):
    return request.param


@pytest.fixture
def rows(pair, model):
    """The own and the foreign row; afterwards the foreign one is what it was."""
    own, foreign = pair.of(model)
    before = snapshot(model, foreign)
    with tenant_scope(pair.own.tenant):
        yield own, foreign
    assert snapshot(model, foreign) == before


def snapshot(model, row):
    with unscoped(Reason.AUDIT_INTEGRITY):
        return list(model.objects.filter(pk=row.pk).values())


def count(kind):
    tally[kind] += 1


def plain_field(model):
    """A column that may be written with the value it has."""
    return next(
        f for f in model._meta.concrete_fields
        if not f.primary_key and not f.is_relation and f.name != "tenant"
    )  # fmt: skip


def refused(model, operation, *, errors=REFUSED):
    """The operation is refused, and writes nothing to the model's collection."""
    with pytest.raises(errors), wire_log.record() as sent:
        operation()
    own = [c for c in sent if c.collection == model._meta.db_table]
    assert [c for c in own if c.name not in ("aggregate", "find")] == []


def test_the_own_row_is_found_and_the_foreign_one_is_not(rows, model):
    own, foreign = rows
    assert model.objects.get(pk=own.pk) == own
    with pytest.raises(model.DoesNotExist):
        model.objects.get(pk=foreign.pk)
    with pytest.raises(model.DoesNotExist):
        model(pk=foreign.pk).refresh_from_db()
    assert not model.objects.filter(pk=foreign.pk).exists()
    assert model.objects.in_bulk([own.pk, foreign.pk]) == {own.pk: own}
    count("get")


def test_lists_hold_own_rows_only(rows, model, pair):
    own, foreign = rows
    assert {str(t) for t in model.objects.values_list("tenant_id", flat=True)} == {
        pair.own.tenant.pk
    }
    assert list(model.objects.filter(pk__in=[own.pk, foreign.pk])) == [own]
    assert model.objects.filter(pk__in=[own.pk, foreign.pk]).count() == 1
    union = model.objects.filter(pk=own.pk).union(model.objects.filter(pk=foreign.pk))
    assert [r.pk for r in union] == [own.pk]
    count("list")


def test_updates_reach_own_rows_only(rows, model):
    own, foreign = rows
    name = plain_field(model).name
    value = {name: getattr(own, name)}
    if model.immutable:
        for operation in (lambda: model.objects.filter(pk=own.pk).update(**value), own.save):
            refused(model, operation, errors=Immutable)
    else:
        assert model.objects.filter(pk=own.pk).update(**value) == 1
        own.save()
        assert model.objects.filter(pk=foreign.pk).update(**value) == 0
    refused(model, foreign.save, errors=(*REFUSED, Immutable))
    with pytest.raises((*REFUSED, Immutable, DatabaseError)):
        foreign.save(update_fields=[name])
    count("update")


def test_deletes_reach_own_rows_only(rows, model, pair):
    _, foreign = rows
    if model.immutable:
        assert list(model.objects.filter(pk=foreign.pk)) == []
    else:
        assert model.objects.filter(pk=foreign.pk).delete()[0] == 0
        assert foreign.delete()[0] == 0
        if not _is_single(model):
            spare = any_row(model)
            spare.save(force_insert=True)
            assert spare.delete()[0] >= 1
            assert not model.objects.filter(pk=spare.pk).exists()
    count("delete")


def test_references_stay_inside_the_tenant(rows, model, pair):
    own, _ = rows
    for field in model._meta.concrete_fields:
        if not isinstance(field, TenantForeignKey):
            continue
        inside, outside = pair.of(field.related_model)
        for value in ({field.name: outside}, {field.attname: outside.pk}):
            refused(model, lambda v=value: any_row(model, **v).save(force_insert=True))
            refused(model, lambda v=value: model.objects.bulk_create([any_row(model, **v)]))
            refused(model, lambda v=value: model.objects.filter(pk=own.pk).update(**v))
        assert getattr(any_row(model, **{field.name: inside}), field.attname) == inside.pk
        count("assign")


def test_nothing_is_made_for_a_foreign_tenant(rows, model, pair):
    refused(model, lambda: any_row(model, tenant=pair.foreign.tenant).save(force_insert=True))
    refused(model, lambda: model.objects.create(tenant=pair.foreign.tenant))
    refused(
        model,
        lambda: model.objects.bulk_create(
            [any_row(model), any_row(model, tenant=pair.foreign.tenant)]
        ),
    )
    if not _is_single(model):
        made = model.objects.bulk_create([any_row(model), any_row(model)])
        assert {m.tenant_id for m in made} == {pair.own.tenant.pk}
        assert model.objects.filter(pk__in=[m.pk for m in made]).count() == 2
    count("bulk_create")


def test_bulk_updates_reach_own_rows_only(rows, model):
    own, foreign = rows
    name = plain_field(model).name
    if model.immutable:
        refused(model, lambda: model.objects.bulk_update([own], [name]), errors=Immutable)
    else:
        assert model.objects.bulk_update([own], [name]) == 1
        assert model.objects.bulk_update([foreign], [name]) == 0
        assert model.objects.bulk_update([own, foreign], [name]) == 1
    refused(model, lambda: model.objects.bulk_update([own], ["tenant"]))
    count("bulk_update")


def test_the_tenant_column_cannot_be_changed(rows, model, pair):
    own, _ = rows
    refused(model, lambda: model.objects.filter(pk=own.pk).update(tenant=pair.foreign.tenant))
    moved = model.objects.get(pk=own.pk)
    moved.tenant_id = pair.foreign.tenant.pk
    refused(model, moved.save, errors=(*REFUSED, Immutable))
    assert model.objects.get(pk=own.pk).tenant_id == pair.own.tenant.pk
    count("move")


def test_without_a_tenant_nothing_is_possible(pair, model):
    own, _ = pair.of(model)
    name = plain_field(model).name
    for operation in (
        lambda: list(model.objects.all()),
        lambda: model.objects.get(pk=own.pk),
        lambda: any_row_alone(model).save(force_insert=True),
        lambda: model.objects.filter(pk=own.pk).update(**{name: None}),
        lambda: model.objects.filter(pk=own.pk).delete(),
        own.save,
        own.delete,
    ):
        with pytest.raises((*REFUSED, Immutable)), wire_log.record() as sent:
            operation()
        assert [c for c in sent if is_owned(c.collection)] == []
    count("none")


def any_row_alone(model):
    """An unsaved row that refers to nothing."""
    return model()


def test_every_tenant_model_has_its_field_and_manager(model):
    field = model._meta.get_field("tenant")
    assert isinstance(field, TenantField)
    assert (field.column, field.editable, field.null) == ("tenantId", False, False)
    assert (
        type(model._default_manager).__name__
        == type(model._base_manager).__name__
        == "TenantManager"
    )
    assert isinstance(model._meta.pk, models.AutoField)
    count("shape")
