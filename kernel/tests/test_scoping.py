"""Without a tenant nothing reaches the database; inside one, only its own rows."""

import asyncio

import pytest
from django.db.models import Exists, F, Max, OuterRef, Subquery
from hypothesis import given
from hypothesis import strategies as st

from kernel.mongo.wire import wire_log
from kernel.scoping import (
    NoActiveTenant,
    Reason,
    TenantMismatch,
    active_tenant_id,
    is_unscoped,
    tenant_scope,
    unscoped,
)
from kernel.scoping.keys import tenant_key, tenant_path
from kernel.scoping.registry import is_owned
from tests.factories import Contact, ContactIdentity, Conversation, contact, conversation, new_world

REFUSED = (NoActiveTenant, TenantMismatch)
AT_IMPORT = Contact.objects.filter(name="made before any tenant").order_by("-id")


def rows():
    return Contact.objects.all()


READS = {
    "list": lambda: list(rows()),
    "iterate": lambda: next(iter(rows())),
    "get": lambda: rows().get(pk="0" * 24),
    "first": lambda: rows().first(),
    "last": lambda: rows().last(),
    "latest": lambda: rows().latest("id"),
    "earliest": lambda: rows().earliest("id"),
    "exists": lambda: rows().exists(),
    "count": lambda: rows().count(),
    "contains": lambda: rows().contains(Contact(pk="0" * 24)),
    "aggregate": lambda: rows().aggregate(n=Max("version")),
    "annotate": lambda: list(rows().annotate(n=F("version") + 1)),
    "values": lambda: list(rows().values("name")),
    "values_list": lambda: list(rows().values_list("name", flat=True)),
    "only": lambda: list(rows().only("name")),
    "dates": lambda: list(rows().datetimes("created_at", "day")),
    "distinct": lambda: list(rows().values("name").distinct()),
    "slice": lambda: list(rows()[3:5]),
    "in_bulk": lambda: rows().in_bulk(["0" * 24]),
    "iterator": lambda: list(rows().iterator(chunk_size=10)),
    "explain": lambda: rows().explain(),
    "union": lambda: list(rows().union(Contact.objects.filter(name="x"))),
    "subquery": lambda: list(
        Contact.objects.filter(pk__in=Conversation.objects.values("contact_id"))
    ),
    "exists subquery": lambda: list(
        rows().filter(Exists(Conversation.objects.filter(contact_id=OuterRef("pk"))))
    ),
    "scalar subquery": lambda: list(rows().annotate(n=Subquery(rows().values("pk")[:1]))),
    "raw_aggregate": lambda: list(Contact.objects.raw_aggregate([])),
    "raw_aggregate with a filter": lambda: list(
        Contact.objects.raw_aggregate([{"$match": {"name": "x"}}])
    ),
    "select_related": lambda: list(Conversation.objects.select_related("contact")),
    "prefetch_related": lambda: list(Conversation.objects.prefetch_related("contact")),
    "base manager": lambda: list(Contact._base_manager.all()),
    "default manager": lambda: list(Contact._default_manager.all()),
    "built at import": lambda: list(AT_IMPORT),
    "refresh_from_db": lambda: Contact(pk="0" * 24).refresh_from_db(),
    "reverse relation": lambda: list(Contact(pk="0" * 24).identities.all()),
    "forward relation": lambda: Conversation(contact_id="0" * 24).contact,
    "check a unique constraint": lambda: _identity_of_nobody().validate_constraints(),
}
WRITES = {
    "create": lambda: Contact.objects.create(name="x"),
    "save": lambda: Contact(name="x").save(),
    "save an existing row": lambda: _existing().save(),
    "save with update_fields": lambda: _existing().save(update_fields=["name"]),
    "delete a row": lambda: _existing().delete(),
    "delete a queryset": lambda: rows().delete(),
    "update": lambda: rows().update(name="x"),
    "update by expression": lambda: rows().update(version=F("version") + 1),
    "bulk_create": lambda: Contact.objects.bulk_create([Contact(name="x")]),
    "bulk_update": lambda: Contact.objects.bulk_update([_existing()], ["name"]),
    "get_or_create": lambda: Contact.objects.get_or_create(name="x"),
    "update_or_create": lambda: Contact.objects.update_or_create(name="x", defaults={"phone": "1"}),
}
ASYNC = {
    "aget": lambda: rows().aget(pk="0" * 24),
    "afirst": lambda: rows().afirst(),
    "aexists": lambda: rows().aexists(),
    "acount": lambda: rows().acount(),
    "acreate": lambda: Contact.objects.acreate(name="x"),
    "aupdate": lambda: rows().aupdate(name="x"),
    "adelete": lambda: rows().adelete(),
    "abulk_create": lambda: Contact.objects.abulk_create([Contact(name="x")]),
    "aget_or_create": lambda: Contact.objects.aget_or_create(name="x"),
    "aexplain": lambda: rows().aexplain(),
    "ain_bulk": lambda: rows().ain_bulk(["0" * 24]),
    "asave": lambda: Contact(name="x").asave(),
}


def _existing():
    row = Contact(pk="0" * 24, name="x", tenant_id="1" * 24)
    row._state.adding = False
    return row


def _identity_of_nobody():
    return ContactIdentity(tenant_id="1" * 24, kind="wa_id", value="1", contact_id="0" * 24)


@pytest.fixture(scope="module")
def shared(django_db_setup, django_db_blocker):
    """What is refused changes nothing, so one tenant serves all refusals."""
    with django_db_blocker.unblock():
        yield new_world()


@pytest.fixture
def warm(shared):
    """The connection is up, so that a refused operation can be seen to send nothing."""
    with tenant_scope(shared.tenant):
        assert not Contact.objects.filter(name="warm").exists()
    wire_log.commands.clear()
    return shared


def assert_refused(operation):
    with pytest.raises(REFUSED), wire_log.record() as sent:
        operation()
    assert [c for c in sent if is_owned(c.collection)] == []


@pytest.mark.parametrize("name", READS)
def test_a_read_without_a_tenant_is_refused_before_the_wire(warm, name):
    assert_refused(READS[name])


@pytest.mark.parametrize("name", WRITES)
def test_a_write_without_a_tenant_is_refused_before_the_wire(warm, name):
    assert_refused(WRITES[name])


@pytest.mark.parametrize("name", ASYNC)
def test_an_async_operation_without_a_tenant_is_refused_before_the_wire(warm, name):
    async def run():
        await ASYNC[name]()

    assert_refused(lambda: asyncio.run(run()))


def test_a_queryset_made_in_one_tenant_and_run_in_another_sees_only_the_second(new_tenant):
    one, two = new_tenant(), new_tenant()
    with tenant_scope(one.tenant):
        contact(name="of one")
        queryset = Contact.objects.filter(name__in=["of one", "of two"])
        assert [c.name for c in queryset.all()] == ["of one"]
    with tenant_scope(two.tenant):
        contact(name="of two")
        assert [c.name for c in queryset.all()] == ["of two"]


def test_a_queryset_built_at_import_is_scoped_when_it_runs(world):
    with tenant_scope(world.tenant):
        made = contact(name="made before any tenant")
        assert [c.pk for c in AT_IMPORT.all()] == [made.pk]


def test_the_scope_opens_again_for_the_same_tenant_and_refuses_another(new_tenant):
    one, two = new_tenant(), new_tenant()
    with tenant_scope(one.tenant), tenant_scope(one.tenant.pk) as again:
        assert again == active_tenant_id() == one.tenant.pk
        with pytest.raises(TenantMismatch), tenant_scope(two.tenant):
            pytest.fail("another tenant was entered")
        assert active_tenant_id() == one.tenant.pk
    with pytest.raises(NoActiveTenant):
        active_tenant_id()


def test_unscoped_has_a_closed_list_of_reasons_and_no_active_tenant(world):
    with pytest.raises(ValueError), unscoped("because I can"):
        pytest.fail("an unknown reason was accepted")
    with unscoped(Reason.SWEEP_WORK):
        assert is_unscoped()
        with pytest.raises(NoActiveTenant):
            active_tenant_id()
        with tenant_scope(world.tenant):
            assert not is_unscoped()
            assert active_tenant_id() == world.tenant.pk
        assert is_unscoped()
    assert not is_unscoped()


def test_an_unscoped_write_must_name_its_tenant(world):
    with unscoped(Reason.MIGRATE):
        with pytest.raises(NoActiveTenant):
            Contact.objects.create(name="nobody's")
        row = Contact.objects.create(name="named", tenant_id=world.tenant.pk)
        assert Contact.objects.filter(name="nobody's").count() == 0
    with tenant_scope(world.tenant):
        assert Contact.objects.get(pk=row.pk).name == "named"


def test_a_row_of_another_tenant_cannot_be_referred_to(new_tenant):
    one, two = new_tenant(), new_tenant()
    with tenant_scope(one.tenant):
        theirs = contact()
    with tenant_scope(two.tenant):
        ours = conversation()
        before = ours.contact_id
        attempts = [
            lambda: conversation(with_=theirs),
            lambda: Conversation.objects.create(
                number=9, channel_id=ours.channel_id, contact_id=theirs.pk
            ),
            lambda: Conversation.objects.update(contact=theirs),
            lambda: Conversation.objects.update(contact_id=theirs.pk),
            lambda: Conversation.objects.update(contact=F("channel")),
            lambda: Conversation.objects.bulk_update([_with(ours, theirs)], ["contact"]),
            lambda: Conversation.objects.bulk_create(
                [_with(Conversation(number=8, channel_id=ours.channel_id), theirs)]
            ),
            lambda: _with(Conversation.objects.get(pk=ours.pk), theirs).save(),
            lambda: Conversation.objects.update_or_create(pk=ours.pk, defaults={"contact": theirs}),
        ]
        for attempt in attempts:
            with pytest.raises(TenantMismatch):
                attempt()
        kept = list(Conversation.objects.values_list("id", "contact_id"))
        assert kept == [(ours.pk, before)]


def _with(row, contact_):
    row.contact = contact_
    return row


def test_a_reference_with_a_forged_cached_owner_is_still_refused(new_tenant):
    """A bare id is looked up; an instance whose id was swapped is not what is cached."""
    one, two = new_tenant(), new_tenant()
    with tenant_scope(one.tenant):
        theirs = contact()
    with tenant_scope(two.tenant):
        ours = conversation()
        ours.contact_id = theirs.pk
        with pytest.raises(TenantMismatch):
            ours.save()
        assert Conversation.objects.get(pk=ours.pk).contact_id != theirs.pk


def test_the_tenant_column_never_changes(new_tenant):
    one, two = new_tenant(), new_tenant()
    with tenant_scope(one.tenant):
        row = contact()
        for attempt in (
            lambda: Contact.objects.update(tenant=two.tenant),
            lambda: Contact.objects.update(tenant_id=two.tenant.pk),
            lambda: Contact.objects.bulk_update([row], ["tenant"]),
        ):
            with pytest.raises(TenantMismatch):
                attempt()
        row.tenant_id = two.tenant.pk
        with pytest.raises(TenantMismatch):
            row.save()
        assert Contact.objects.count() == 1
    with tenant_scope(two.tenant):
        assert Contact.objects.count() == 0


def test_keys_and_paths_need_a_tenant(world):
    for make in (tenant_key, tenant_path):
        with pytest.raises(NoActiveTenant):
            make("a")
    with tenant_scope(world.tenant):
        assert tenant_key("rate", "a:b%") == f"t:{world.tenant.pk}:rate:a%3Ab%25"
        assert tenant_path("media", "x") == f"{world.tenant.pk}/media/x"


PARTS = st.lists(st.text(alphabet="ab:%3A25/", max_size=4), min_size=1, max_size=3)


@given(first=PARTS, second=PARTS)
def test_two_keys_are_equal_only_if_their_parts_are(first, second):
    with tenant_scope("0" * 24):
        assert (tenant_key(*first) == tenant_key(*second)) == (first == second)
