"""Roles of a tenant's own: never wider than their maker's, not deleted while somebody has them."""

import threading

import pytest

from kernel.models import AuditEntry
from kernel.mongo.wire import wire_log
from kernel.scoping.context import outside_scope
from tenants.access import acting
from tenants.errors import (
    InvalidFields,
    LastOwner,
    PermissionDenied,
    RoleExists,
    RoleInUse,
    RoleNotFound,
    RoleTooHigh,
)
from tenants.models import Membership, Role
from tenants.permissions import ROLES
from tenants.permissions import Permission as P
from tenants.principals import principal_of_key, principal_of_member, principal_of_user
from tenants.services.api_keys import create_api_key
from tenants.services.members import add_member, change_member, remove_member
from tenants.services.roles import change_role, create_role, delete_role
from tests import factories


@pytest.fixture
def shop(world):
    with factories.inside(world):
        yield world


def hire(role):
    return add_member(email=factories.person().email, role=role)


def as_member(member):
    return acting(principal_of_member(Membership.objects.get(pk=member.pk)))


def refused(error, operation):
    before = list(Role.objects.order_by("id").values()), AuditEntry.objects.count()
    with pytest.raises(error):
        operation()
    assert (list(Role.objects.order_by("id").values()), AuditEntry.objects.count()) == before


def test_a_member_may_what_their_own_role_says_from_the_next_request_on(shop):
    role = create_role(name="Night shift", permissions=[P.CONTACTS_READ, P.MESSAGES_SEND])
    member = hire(role.key)
    with outside_scope():
        found = principal_of_user(member.user, shop.tenant.slug)[1]
    assert (found.role, found.permissions) == (role.key, {P.CONTACTS_READ, P.MESSAGES_SEND})
    change_role(role_id=role.pk, permissions=[P.CONTACTS_READ])
    with outside_scope():
        assert principal_of_user(member.user, shop.tenant.slug)[1].permissions == {P.CONTACTS_READ}
    assert AuditEntry.objects.filter(action="role.changed").count() == 1


def test_a_role_of_their_own_costs_one_read_more_and_a_built_in_none(shop):
    role = create_role(name="Reader", permissions=[P.CONTACTS_READ])
    reads = {}
    for kind in ("viewer", role.key):
        member = hire(kind)
        before = len(wire_log.commands)
        with outside_scope():
            principal_of_user(member.user, shop.tenant.slug)
        reads[kind] = len(wire_log.commands) - before
    assert reads[role.key] == reads["viewer"] + 1


def test_nobody_makes_gives_or_widens_a_role_beyond_their_own(shop):
    wide = create_role(name="Eraser", permissions=[P.TENANT_ERASE])
    with as_member(hire("admin")):
        refused(RoleTooHigh, lambda: create_role(name="More", permissions=[P.TENANT_ERASE]))
        refused(RoleTooHigh, lambda: change_role(role_id=wide.pk, permissions=[]))
        refused(RoleTooHigh, lambda: delete_role(role_id=wide.pk))
        with pytest.raises(RoleTooHigh):
            hire(wide.key)
        own = create_role(name="Less", permissions=[P.CONTACTS_READ])
        refused(
            RoleTooHigh,
            lambda: change_role(role_id=own.pk, permissions=[P.CONTACTS_READ, P.TENANT_ERASE]),
        )
    with as_member(hire("supervisor")):
        refused(PermissionDenied, lambda: create_role(name="X", permissions=[]))


def test_a_member_is_managed_only_by_who_holds_all_that_they_hold(shop):
    boss = create_role(name="Boss", permissions=[P.MEMBERS_READ, P.MEMBERS_MANAGE])
    clerk = create_role(name="Clerk", permissions=[P.MEMBERS_READ])
    agent, below = hire("agent"), hire(clerk.key)
    with as_member(hire(boss.key)) as me:
        with pytest.raises(RoleTooHigh):
            change_member(member_id=agent.pk, status="disabled")
        with pytest.raises(RoleTooHigh):
            change_member(member_id=me.member_id, role="agent")
        with pytest.raises(RoleTooHigh):
            remove_member(member_id=shop.owner.pk)
        remove_member(member_id=below.pk)


def test_a_role_with_every_permission_makes_no_owner_and_takes_none_away(shop):
    every = create_role(name="Deputy", permissions=sorted(P))
    with as_member(hire(every.key)):
        with pytest.raises(RoleTooHigh):
            hire("owner")
        with pytest.raises(RoleTooHigh):
            remove_member(member_id=shop.owner.pk)
    with pytest.raises(LastOwner):
        change_member(member_id=shop.owner.pk, role=every.key)


def test_a_key_of_an_owner_makes_no_owner_and_gives_no_more_than_its_scopes(shop):
    _, text = create_api_key(name="k", scopes=["members:manage", *sorted(ROLES["viewer"])])
    with outside_scope():
        key = principal_of_key(text, "192.0.2.1")[1]
    with acting(key):
        for role in ("owner", "admin", "agent"):
            with pytest.raises(RoleTooHigh):
                hire(role)
        assert hire("viewer").role == "viewer"


def test_names_are_taken_once_and_the_built_in_ones_not_at_all(shop):
    create_role(name="Reader", permissions=[])
    refused(RoleExists, lambda: create_role(name="Reader", permissions=[]))
    for name in ("owner", "Agent", "  "):
        refused(InvalidFields, lambda name=name: create_role(name=name, permissions=[]))
    with pytest.raises(InvalidFields):
        hire("no-such-role")


def test_a_role_that_somebody_has_stays(shop):
    role = create_role(name="Reader", permissions=[])
    member = hire(role.key)
    refused(RoleInUse, lambda: delete_role(role_id=role.pk))
    change_member(member_id=member.pk, role="viewer")
    delete_role(role_id=role.pk)
    refused(RoleNotFound, lambda: delete_role(role_id=role.pk))


def test_a_role_deleted_while_it_is_given_is_one_or_the_other(shop):
    for round_ in range(4):
        role, email = create_role(name=f"R{round_}", permissions=[]), factories.person().email
        gate, results = threading.Barrier(2), []

        def run(operation, gate=gate, results=results):
            with factories.inside(shop):
                gate.wait()
                try:
                    operation()
                    results.append("done")
                except (RoleInUse, InvalidFields):
                    results.append("refused")

        give = lambda key=role.key, email=email: add_member(email=email, role=key)  # noqa: E731
        drop = lambda pk=role.pk: delete_role(role_id=pk)  # noqa: E731
        threads = [threading.Thread(target=run, args=(operation,)) for operation in (give, drop)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        assert sorted(results) == ["done", "refused"]
        has = Membership.objects.filter(status="active", role=role.key).exists()
        assert has == Role.objects.filter(key=role.key).exists()
