"""Leaving a tenant, staying out of it, and how many one person may make."""

import threading

import pytest

from kernel.models import AuditEntry, DomainEvent
from kernel.mongo.doors import ObjectId, collection
from kernel.scoping.context import outside_scope
from tenants.errors import (
    BadApiKey,
    InvalidFields,
    LastOwner,
    LimitReached,
    SlugTaken,
    TenantNotFound,
    TenantSuspended,
)
from tenants.models import Membership, Tenant
from tenants.principals import principal_of_key, principal_of_user
from tenants.services.api_keys import create_api_key
from tenants.services.leaving import leave_tenant
from tenants.services.members import add_member, change_member, remove_member
from tenants.services.tenant import create_tenant, suspend_tenant
from tests import factories


@pytest.fixture
def shop(world):
    with factories.inside(world):
        yield world


def leave(person, shop):
    with outside_scope():
        leave_tenant(person=person, tenant_id=shop.tenant.pk, ip="192.0.2.1", request_id="r-1")


def hire(role="agent"):
    person = factories.person()
    return person, add_member(email=person.email, role=role)


def test_who_leaves_is_out_with_their_keys_and_the_log_says_that_it_was_they(shop):
    person, member = hire("admin")
    with factories.acting(
        factories.principal(factories.World(shop.tenant, member, person), "admin")
    ):
        _, text = create_api_key(name="k", scopes=["contacts:read"])
    leave(person, shop)
    member.refresh_from_db()
    assert member.status == Membership.LEFT
    entry = AuditEntry.objects.get(action="member.left")
    assert (entry.actor_id, entry.user_id, entry.ip, entry.request_id, entry.target_id) == (
        member.pk, person.pk, "192.0.2.1", "r-1", member.pk)  # fmt: skip
    assert DomainEvent.objects.filter(type="member.removed", data__member_id=member.pk).exists()
    with outside_scope():
        with pytest.raises(TenantNotFound):
            principal_of_user(person, shop.tenant.slug)
        with pytest.raises(BadApiKey):
            principal_of_key(text, "192.0.2.1")
        for tenant_id in (shop.tenant.pk, "0" * 24):
            with pytest.raises(TenantNotFound):
                leave_tenant(person=person, tenant_id=tenant_id)


def test_nobody_brings_back_who_left(shop):
    person, member = hire()
    leave(person, shop)
    remove_member(member_id=member.pk)
    for status in ("active", "disabled"):
        with pytest.raises(InvalidFields):
            change_member(member_id=member.pk, status=status)
    member.refresh_from_db()
    assert member.status == Membership.LEFT


def test_the_last_owner_does_not_leave_also_when_two_leave_at_once(shop):
    with pytest.raises(LastOwner):
        leave(shop.user, shop)
    second, _ = hire("owner")
    gate, results = threading.Barrier(2), []

    def run(person):
        gate.wait()
        try:
            leave_tenant(person=person, tenant_id=shop.tenant.pk)
            results.append("left")
        except LastOwner:
            results.append("stayed")

    threads = [threading.Thread(target=run, args=(p,)) for p in (shop.user, second)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert sorted(results) == ["left", "stayed"]
    assert Membership.objects.filter(role="owner", status="active").count() == 1


def test_a_tenant_that_keeps_somebody_out_is_left_all_the_same_but_not_a_suspended_one(shop):
    person, member = hire()
    Tenant.objects.filter(pk=shop.tenant.pk).update(entry={"networks": ["203.0.113.0/24"]})
    other, _ = hire()
    leave(person, shop)
    suspend_tenant(tenant=shop.tenant, reason="unpaid")
    with pytest.raises(TenantSuspended):
        leave(other, shop)
    member.refresh_from_db()
    assert member.status == Membership.LEFT


def make(person, **fields):
    return create_tenant(maker=person, name="T", slug=f"p-{factories.digits(11)}", **fields)


def test_one_person_makes_so_many_tenants_and_no_more_also_at_once(settings):
    settings.TENANTS_PER_PERSON = 5
    person, gate, results = factories.person(), threading.Barrier(12), []

    def run():
        gate.wait()
        try:
            results.append(make(person).pk)
        except LimitReached as error:
            results.append(error.data["limit"])

    threads = [threading.Thread(target=run) for _ in range(12)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(results) == 12 and results.count("tenants_per_person") == 7
    made = Tenant.objects.filter(made_by_id=person.pk)
    assert sorted(made.values_list("made_number", flat=True)) == [1, 2, 3, 4, 5]
    assert make(factories.person()).made_number == 1


def test_a_tenant_that_is_gone_makes_room_and_a_taken_slug_takes_none(settings):
    settings.TENANTS_PER_PERSON = 2
    person = factories.person()
    first, second = make(person), make(person)
    with pytest.raises(LimitReached):
        make(person)
    collection(Tenant).delete_one({"_id": ObjectId(first.pk)})
    with pytest.raises(SlugTaken):
        create_tenant(maker=person, name="T", slug=second.slug)
    assert make(person).made_number == 1
    settings.TENANTS_PER_PERSON = None
    assert make(person).made_number is None
