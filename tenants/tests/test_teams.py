"""Teams: named once, filled with active members, and gone with everything that points at them."""

import pytest

from kernel.models import AuditEntry
from kernel.scoping.context import outside_scope
from tenants.errors import InvalidFields, MemberNotFound, PermissionDenied, TeamExists, TeamNotFound
from tenants.models import Membership, Team
from tenants.principals import principal_of_user
from tenants.selectors import list_team_members
from tenants.services.members import add_member, remove_member
from tenants.services.teams import (
    create_team,
    delete_team,
    put_in_team,
    rename_team,
    take_from_team,
)
from tests import factories


@pytest.fixture
def shop(world):
    with factories.inside(world):
        yield world


def hire(role="agent"):
    return add_member(email=factories.person().email, role=role)


def test_a_team_is_made_renamed_and_deleted_by_those_who_may(shop):
    team = create_team(name="  Billing   desk ")
    assert team.name == "Billing desk"
    with pytest.raises(TeamExists):
        create_team(name="Billing desk")
    other = create_team(name="Sales")
    with pytest.raises(TeamExists):
        rename_team(team_id=other.pk, name="Billing desk")
    with pytest.raises(InvalidFields):
        create_team(name="   ")
    assert rename_team(team_id=other.pk, name="Service").name == "Service"
    with factories.inside(shop, "agent"), pytest.raises(PermissionDenied):
        create_team(name="X")
    delete_team(team_id=team.pk)
    with pytest.raises(TeamNotFound):
        delete_team(team_id=team.pk)
    assert list(Team.objects.values_list("name", flat=True)) == ["Service"]


def test_who_is_in_a_team_shows_in_what_they_may_see_from_the_next_request_on(shop):
    team, member = create_team(name="Billing"), hire()
    for _ in range(2):
        assert put_in_team(team_id=team.pk, member_id=member.pk).team_ids == [team.pk]
    assert [m.pk for m in list_team_members(team.pk).order_by("user_id")] == [member.pk]
    with outside_scope():
        assert principal_of_user(member.user, shop.tenant.slug)[1].team_ids == (team.pk,)
    for _ in range(2):
        take_from_team(team_id=team.pk, member_id=member.pk)
    assert list(list_team_members(team.pk)) == []
    actions = AuditEntry.objects.filter(action__in=["team.member_added", "team.member_removed"])
    assert actions.count() == 2


def test_a_deleted_team_is_in_nobodys_list(shop):
    team, kept, member = create_team(name="A"), create_team(name="B"), hire()
    for one in (team, kept):
        put_in_team(team_id=one.pk, member_id=member.pk)
    delete_team(team_id=team.pk)
    assert Membership.objects.get(pk=member.pk).team_ids == [kept.pk]


def test_nobody_who_left_or_is_of_another_tenant_is_put_in(shop, new_tenant):
    team, former = create_team(name="A"), hire()
    remove_member(member_id=former.pk)
    with outside_scope():
        other = new_tenant()
        with factories.inside(other):
            foreign = create_team(name="A")
    for member_id in (former.pk, other.owner.pk, "f" * 24):
        with pytest.raises(MemberNotFound):
            put_in_team(team_id=team.pk, member_id=member_id)
    with pytest.raises(TeamNotFound):
        put_in_team(team_id=foreign.pk, member_id=shop.owner.pk)
