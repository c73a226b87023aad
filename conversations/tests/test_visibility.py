"""Who sees which conversation: one rule, in lists, by id and for what belongs to it."""

from dataclasses import replace
from itertools import chain, combinations

import pytest

from conversations.errors import ConversationNotFound
from conversations.models import Conversation
from conversations.selectors import get_conversation, is_visible, list_conversations
from conversations.services.changes import assign_conversation, change_status, mark_read
from kernel.models import AuditEntry, DomainEvent
from tenants.access import acting
from tenants.errors import PermissionDenied
from tenants.models import Membership, Team
from tenants.permissions import Permission as P
from tests import factories

READS = (P.CONVERSATIONS_READ_ALL, P.CONVERSATIONS_READ_TEAM, P.CONVERSATIONS_READ_UNASSIGNED,
         P.CONVERSATIONS_READ_ASSIGNED)  # fmt: skip
SETS = list(chain.from_iterable(combinations(READS, n) for n in range(1, len(READS) + 1)))


@pytest.fixture
def shop(world):
    """Conversations of every kind: whose they are, crossed with which team has them; two channels."""
    with factories.inside(world):
        world.mine, world.second, world.theirs = (Team.objects.create(name=n) for n in "abc")
        world.other = Membership.objects.create(
            user=factories.person(), role="agent", email="o@e.test"
        )
        world.channels = [factories.channel(), factories.channel()]
        world.rows = [
            factories.conversation(on=channel, assignee=assignee, team=team)
            for channel in world.channels
            for assignee in (None, world.owner, world.other)
            for team in (None, world.mine, world.second, world.theirs)
        ]
        yield world


def somebody(shop, *held, teams=None, **more):
    teams = (shop.mine, shop.second) if teams is None else teams
    return replace(factories.principal(shop), permissions=frozenset(held),
                   team_ids=tuple(team.pk for team in teams), **more)  # fmt: skip


def should_see(shop, principal, row):
    """The rule in other words than the product's."""
    held, mine = principal.permissions, principal.team_ids
    if principal.channel_ids and row.channel_id not in principal.channel_ids:
        return False
    return (
        P.CONVERSATIONS_READ_ALL in held
        or (P.CONVERSATIONS_READ_TEAM in held and row.team_id in mine)
        or (P.CONVERSATIONS_READ_ASSIGNED in held and row.assignee_id == shop.owner.pk)
        or (P.CONVERSATIONS_READ_UNASSIGNED in held and row.assignee_id is None
            and (row.team_id is None or row.team_id in mine))
    )  # fmt: skip


def seen_one_by_one(shop):
    found = set()
    for row in shop.rows:
        try:
            found.add(get_conversation(row.pk).pk)
        except ConversationNotFound:
            assert not is_visible(row.pk)
        else:
            assert is_visible(row.pk)
    return found


@pytest.mark.parametrize("held", SETS, ids=lambda held: "+".join(p.split("_", 1)[1] for p in held))
def test_each_set_of_permissions_sees_its_union_in_lists_and_one_by_one(shop, held):
    for teams in ((shop.mine, shop.second), (shop.mine,), ()):
        for channel_ids in ((), (shop.channels[0].pk,)):
            principal = somebody(shop, *held, teams=teams, channel_ids=channel_ids)
            expected = {row.pk for row in shop.rows if should_see(shop, principal, row)}
            with acting(principal):
                assert {row.pk for row in list_conversations()} == expected
                assert seen_one_by_one(shop) == expected


def filters(shop):
    """Each filter with what it means."""
    me, team, channel = shop.owner.pk, shop.mine.pk, shop.channels[1].pk
    return [
        ({"assignee_id": me}, lambda row: row.assignee_id == me),
        ({"assignee_id": shop.other.pk}, lambda row: row.assignee_id == shop.other.pk),
        ({"unassigned": True}, lambda row: row.assignee_id is None),
        ({"team_ids": [team]}, lambda row: row.team_id == team),
        ({"team_ids": [shop.theirs.pk]}, lambda row: row.team_id == shop.theirs.pk),
        ({"team_ids": [team, shop.theirs.pk]}, lambda row: row.team_id in (team, shop.theirs.pk)),
        ({"team_ids": []}, lambda row: False),
        ({"teamless": True}, lambda row: row.team_id is None),
        ({"teamless": True, "unassigned": True}, lambda row: not row.team_id and not row.assignee_id),
        ({"channel_id": channel}, lambda row: row.channel_id == channel),
        ({"channel_id": channel, "team_ids": [team], "assignee_id": me},
         lambda row: (row.channel_id, row.team_id, row.assignee_id) == (channel, team, me)),
    ]  # fmt: skip


@pytest.mark.parametrize("held", SETS, ids=lambda held: "+".join(p.split("_", 1)[1] for p in held))
def test_a_filter_never_widens_what_is_seen(shop, held):
    for channel_ids in ((), (shop.channels[0].pk,)):
        principal = somebody(shop, *held, channel_ids=channel_ids)
        with acting(principal):
            for given, means in filters(shop):
                found = {row.pk for row in list_conversations(**given)}
                visible = (row for row in shop.rows if should_see(shop, principal, row))
                assert found == {row.pk for row in visible if means(row)}, given


def test_who_may_read_none_is_refused_and_an_invisible_one_is_as_unknown_as_none(shop):
    theirs = next(
        r for r in shop.rows if r.team_id == shop.theirs.pk and r.assignee_id == shop.other.pk
    )
    with acting(somebody(shop, P.CONVERSATIONS_ASSIGN)):
        for ask in (list_conversations, lambda: get_conversation(theirs.pk)):
            with pytest.raises(PermissionDenied) as caught:
                ask()
            assert caught.value.data["one_of"] == [[str(p) for p in READS]]
    limited = (P.CONVERSATIONS_READ_TEAM, P.CONVERSATIONS_ASSIGN, P.CONVERSATIONS_CLOSE)
    before = Conversation.objects.filter(pk=theirs.pk).values().get()
    with acting(somebody(shop, *limited)):
        for change in (
            lambda: mark_read(conversation_id=theirs.pk),
            lambda: change_status(conversation_id=theirs.pk, status="closed"),
            lambda: assign_conversation(conversation_id=theirs.pk, assignee_id=None),
        ):
            with pytest.raises(ConversationNotFound):
                change()
    assert Conversation.objects.filter(pk=theirs.pk).values().get() == before
    assert not AuditEntry.objects.filter(target_id=theirs.pk).exists()


def test_giving_away_ends_the_sight_and_taking_begins_it(shop):
    row = next(r for r in shop.rows if r.team_id == shop.mine.pk and r.assignee_id is None)
    agent = somebody(shop, P.CONVERSATIONS_READ_ASSIGNED, P.CONVERSATIONS_READ_UNASSIGNED,
                     P.CONVERSATIONS_ASSIGN)  # fmt: skip
    with acting(agent):
        taken = assign_conversation(conversation_id=row.pk, assignee_id=shop.owner.pk)
        assert get_conversation(row.pk).assignee_id == shop.owner.pk
        given = assign_conversation(conversation_id=row.pk, assignee_id=shop.other.pk,
                                    version=taken.version)  # fmt: skip
        assert given.assignee_id == shop.other.pk
        with pytest.raises(ConversationNotFound):
            get_conversation(row.pk)
        with pytest.raises(ConversationNotFound):
            assign_conversation(conversation_id=row.pk, assignee_id=shop.owner.pk)
    entry = AuditEntry.objects.filter(target_id=row.pk).order_by("-id").first()
    assert entry.changes == {"assignee": [shop.owner.pk, shop.other.pk]}


def test_a_team_is_given_alone_or_with_the_member_in_one_change(shop):
    row = shop.rows[0]
    both = assign_conversation(
        conversation_id=row.pk, assignee_id=shop.other.pk, team_id=shop.mine.pk
    )
    assert (both.assignee_id, both.team_id, both.version) == (shop.other.pk, shop.mine.pk, 2)
    same = assign_conversation(conversation_id=row.pk, team_id=shop.mine.pk)
    assert same.version == 2
    handed = assign_conversation(conversation_id=row.pk, assignee_id=None)
    assert (handed.assignee_id, handed.team_id, handed.version) == (None, shop.mine.pk, 3)
    freed = assign_conversation(conversation_id=row.pk, team_id=None)
    assert (freed.team_id, freed.version) == (None, 4)
    entries = AuditEntry.objects.filter(target_id=row.pk).order_by("id")
    assert [set(e.changes) for e in entries] == [{"assignee", "team"}, {"assignee"}, {"team"}]
    events = list(DomainEvent.objects.order_by("id"))[-4:]
    assert [e.type.split(".")[1] for e in events] == [
        "assigned", "team_changed", "assigned", "team_changed"]  # fmt: skip
    assert events[1].data["team_id"] == shop.mine.pk


def test_a_team_of_nowhere_is_refused_and_nothing_changes(shop, new_tenant):
    from conversations.errors import TeamUnknown
    from kernel.scoping.context import outside_scope

    with outside_scope():
        other = new_tenant()
        with factories.inside(other):
            foreign = Team.objects.create(name="x")
    for team_id in (foreign.pk, "0" * 24):
        with pytest.raises(TeamUnknown):
            assign_conversation(conversation_id=shop.rows[0].pk, assignee_id=None, team_id=team_id)
    assert Conversation.objects.get(pk=shop.rows[0].pk).version == 1
