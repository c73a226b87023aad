"""Members and keys: nobody rises above themselves, and a tenant always keeps an owner."""

import threading

import pytest

from accounts.models import User
from kernel.models import AuditEntry, DomainEvent
from kernel.scoping import tenant_scope
from kernel.scoping.context import outside_scope
from tenants.access import acting
from tenants.errors import (
    AlreadyMember,
    BadApiKey,
    LastOwner,
    MemberNotFound,
    NoSuchPerson,
    PermissionDenied,
    RoleTooHigh,
    ScopeTooWide,
    SlugTaken,
    TenantNotFound,
    TenantSuspended,
)
from tenants.models import ApiKey, Membership, Tenant
from tenants.principals import principal_of_key, principal_of_user
from tenants.services.api_keys import create_api_key, revoke_api_key
from tenants.services.members import add_member, change_member, remove_member
from tenants.services.tenant import create_tenant, suspend_tenant
from tests import factories


@pytest.fixture
def shop(world):
    with factories.inside(world):
        yield world


def kept():
    return (list(Membership.objects.order_by("id").values()), list(ApiKey.objects.values()),
            AuditEntry.objects.count(), DomainEvent.objects.count())  # fmt: skip


def refused(error, operation):
    before = kept()
    with pytest.raises(error) as caught:
        operation()
    assert kept() == before
    return caught.value


def hire(role):
    return add_member(email=factories.person().email, role=role)


def acting_as(shop, member):
    return acting(factories.principal(factories.World(shop.tenant, member, shop.user), member.role))


def test_a_taken_slug_is_refused_and_leaves_nothing(shop):
    with outside_scope():
        before = Tenant.objects.count()
        with pytest.raises(SlugTaken):
            create_tenant(maker=factories.person(), name="Again", slug=shop.tenant.slug)
        assert Tenant.objects.count() == before


def test_a_person_is_added_once(shop):
    person = factories.person()
    member = add_member(email=person.email.upper(), role="agent")
    assert (member.user_id, member.role, member.email) == (person.pk, "agent", person.email)
    refused(AlreadyMember, lambda: add_member(email=person.email, role="agent"))
    refused(NoSuchPerson, lambda: add_member(email="nobody@example.test", role="agent"))


def test_nobody_gives_or_changes_a_role_above_their_own(shop):
    admin, owner = hire("admin"), shop.owner
    with acting_as(shop, admin):
        refused(RoleTooHigh, lambda: hire("owner"))
        assert hire("admin").role == "admin"
        refused(RoleTooHigh, lambda: change_member(member_id=admin.pk, role="owner"))
        refused(RoleTooHigh, lambda: change_member(member_id=owner.pk, role="agent"))
        refused(RoleTooHigh, lambda: remove_member(member_id=owner.pk))
        assert hire("supervisor").role == "supervisor"
    agent = hire("agent")
    with acting_as(shop, agent):
        refused(PermissionDenied, lambda: change_member(member_id=agent.pk, role="admin"))
        assert change_member(member_id=agent.pk, availability="away").availability == "away"


def test_the_last_owner_stays(shop):
    pk = shop.owner.pk
    refused(LastOwner, lambda: change_member(member_id=pk, role="admin"))
    refused(LastOwner, lambda: change_member(member_id=pk, status="disabled"))
    refused(LastOwner, lambda: remove_member(member_id=pk))


@pytest.mark.parametrize("take_away", [
    lambda member: remove_member(member_id=member.pk),
    lambda member: change_member(member_id=member.pk, role="admin"),
    lambda member: change_member(member_id=member.pk, status="disabled"),
], ids=["remove", "demote", "disable"])  # fmt: skip
def test_of_two_owners_who_end_each_other_at_once_one_stays(shop, take_away):
    for _ in range(3):
        first, second = (
            Membership.objects.filter(role="owner", status="active").first(),
            hire("owner"),
        )
        results, gate = [], threading.Barrier(2)

        def run(victim, gate=gate, results=results):
            with factories.inside(shop):
                gate.wait()
                try:
                    take_away(victim)
                    results.append("ended")
                except LastOwner:
                    results.append("kept")

        threads = [threading.Thread(target=run, args=(m,)) for m in (first, second)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        assert sorted(results) == ["ended", "kept"]
        assert Membership.objects.filter(role="owner", status="active").count() == 1


def test_another_tenants_member_is_not_there(shop, new_tenant):
    with outside_scope():
        other = new_tenant()
    refused(MemberNotFound, lambda: change_member(member_id=other.owner.pk, role="agent"))
    refused(MemberNotFound, lambda: remove_member(member_id=other.owner.pk))
    with outside_scope():
        for stranger in (other.tenant.slug, other.tenant.pk, "no-such-tenant", "f" * 24):
            with pytest.raises(TenantNotFound):
                principal_of_user(shop.user, stranger)


def key_of(**fields):
    return create_api_key(**{"name": "k", "scopes": ["contacts:read"], **fields})


def opens(text, ip="192.0.2.1"):
    with outside_scope():
        return principal_of_key(text, ip)


def test_a_key_opens_its_tenant_with_its_scopes_and_no_more(shop):
    key, text = key_of()
    tenant, principal = opens(text)
    assert (tenant.pk, principal.kind, principal.id) == (shop.tenant.pk, "api_key", key.pk)
    assert principal.permissions == frozenset({"contacts:read"})
    assert text.rsplit("_", 1)[1][:32] not in str(ApiKey.objects.values().get())
    for wrong in (text[:-1] + "x", text.replace("sb_test", "sb_live"), "", text + " "):
        with pytest.raises(BadApiKey):
            opens(wrong)


def test_a_key_never_holds_more_than_its_maker_has_now(shop):
    admin = hire("admin")
    with acting_as(shop, admin):
        _, text = key_of(scopes=["contacts:read", "members:manage"])
        supervisor_only = frozenset({"contacts:read"})
        refused(ScopeTooWide, lambda: key_of(scopes=["no:such"]))
    assert len(opens(text)[1].permissions) == 2
    change_member(member_id=admin.pk, role="viewer")
    assert opens(text)[1].permissions == supervisor_only
    remove_member(member_id=admin.pk)
    with pytest.raises(BadApiKey):
        opens(text)


def test_a_revoked_key_and_one_from_elsewhere_open_nothing_from_the_next_request(shop):
    key, text = key_of(cidrs=["192.0.2.0/24"])
    opens(text)
    with pytest.raises(BadApiKey):
        opens(text, ip="198.51.100.1")
    revoke_api_key(key_id=key.pk)
    with pytest.raises(BadApiKey):
        opens(text)


def test_a_suspended_tenant_opens_to_nobody(shop):
    _, text = key_of()
    suspend_tenant(tenant=shop.tenant, reason="unpaid")
    with pytest.raises(TenantSuspended):
        opens(text)
    with outside_scope(), pytest.raises(TenantSuspended):
        principal_of_user(User.objects.get(pk=shop.user.pk), shop.tenant.slug)
    with outside_scope(), tenant_scope(shop.tenant):
        assert AuditEntry.objects.filter(action="tenant.suspended").count() == 1
