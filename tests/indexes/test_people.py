"""Invitations, teams, roles and limits are read by indexes, however many members a tenant has."""

from datetime import timedelta

import pytest

from kernel.clock import now
from kernel.scoping.context import outside_scope
from tenants import principals
from tenants.models import Invitation, Membership, Role, Team
from tenants.roles import permissions_of
from tenants.selectors import (
    list_invitations,
    list_roles,
    list_team_members,
    list_teams,
)
from tenants.services.joining import is_invited
from tenants.services.limits import current_limits
from tests import factories
from tests.indexes.test_hot_queries import LIMIT, indexed, two_pages

MANY = 2 * LIMIT + 20


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        world = factories.new_world()
        with factories.inside(world):
            _fill()
        yield world


def _fill():
    teams = [Team(name=f"Team {n:03d}") for n in range(MANY)]
    Team.objects.bulk_create(teams)
    Role.objects.bulk_create(
        [Role(key=f"role-{n}", name=f"Role {n}", permissions=["contacts:read"]) for n in range(30)]
    )
    soon = now() + timedelta(days=7)
    Invitation.objects.bulk_create(
        [Invitation(email=f"a{n}@example.test", open_email=f"a{n}@example.test", role="agent",
                    expires_at=soon) for n in range(MANY)]
    )  # fmt: skip
    members = [
        Membership(user=factories.person(), role=f"role-{n % 30}", email=f"m{n}@example.test",
                   team_ids=[teams[0].pk] if n % 8 else [teams[1].pk])
        for n in range(MANY + 20)
    ]  # fmt: skip
    Membership.objects.bulk_create(members)


@pytest.fixture
def inside(world):
    with factories.inside(world):
        yield world


def test_lists_of_teams_invitations_and_roles(inside):
    two_pages(list_teams(), ("name",))
    two_pages(list_invitations(), ("-id",))
    assert len(indexed(lambda: list(list_roles().order_by("key")))) == 30


def test_who_is_in_a_team(inside):
    team = Team.objects.get(name="Team 000")
    two_pages(list_team_members(team.pk), ("user_id",))


def test_a_role_and_whether_somebody_has_it(inside):
    assert indexed(lambda: permissions_of("role-7"), slack=1) == {"contacts:read"}
    held = Membership.objects.filter(status__in=["active", "disabled"], role="role-7")
    assert indexed(lambda: held.exists(), slack=1)
    invited = Invitation.objects.filter(role="role-7", status=Invitation.OPEN)
    assert not indexed(lambda: invited.exists(), slack=1)


def test_entering_and_being_invited(inside):
    person = Membership.objects.filter(role="role-3").first().user
    with outside_scope():
        found = indexed(lambda: principals.principal_of_user(person, inside.tenant.slug), slack=1)
        assert found[1].role == "role-3"
        assert indexed(lambda: is_invited("a7@example.test"), slack=1)
    known = Membership.objects.filter(email="m7@example.test", status=Membership.ACTIVE)
    assert indexed(lambda: known.exists(), slack=1)


def test_the_limits_are_read_by_indexes_alone(inside):
    shown = indexed(lambda: current_limits(inside.tenant), slack=2)
    assert {one.name: one.used for one in shown}["seats"] == MANY + 21
