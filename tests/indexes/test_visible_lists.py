"""What somebody may see is listed by indexes too: each part of the union is a run, merged in order."""

from dataclasses import replace

import pytest

from conversations.selectors import ORDER, list_conversations
from tenants.access import acting
from tenants.permissions import Permission as P
from tests import factories
from tests.indexes.test_hot_queries import LIMIT, two_pages

ALL, TEAM = P.CONVERSATIONS_READ_ALL, P.CONVERSATIONS_READ_TEAM
UNASSIGNED, ASSIGNED = P.CONVERSATIONS_READ_UNASSIGNED, P.CONVERSATIONS_READ_ASSIGNED

WHO = {
    "of one team": ({TEAM}, 1, 0),
    "of three teams": ({TEAM}, 3, 0),
    "of nobody": ({UNASSIGNED}, 0, 0),
    "of nobody, with teams": ({UNASSIGNED}, 2, 0),
    "my own": ({ASSIGNED}, 0, 0),
    "my own and of nobody": ({ASSIGNED, UNASSIGNED}, 0, 0),
    "an agent's": ({TEAM, UNASSIGNED, ASSIGNED}, 2, 0),
    "an agent's of many teams": ({TEAM, UNASSIGNED, ASSIGNED}, 6, 0),
    "of a key that keeps to a channel": ({ALL}, 0, 1),
    "of a key that keeps to two channels": ({ALL}, 0, 2),
}
FILTERS = {
    "everything": lambda shop: {},
    "open": lambda shop: {"status": ["open"]},
    "open and pending": lambda shop: {"status": ["open", "pending"]},
}


def somebody(shop, who):
    held, teams, channels = WHO[who]
    with_rows = [team.pk for n, team in enumerate(shop.teams) if n % 4]
    return replace(factories.principal(shop.world), permissions=frozenset(held),
                   team_ids=tuple(with_rows[:teams]),
                   channel_ids=tuple(c.pk for c in shop.channels[:channels]))  # fmt: skip


def listed(principal, **filters):
    with acting(principal):
        found = two_pages(list_conversations(**filters), ORDER)
        every = sorted(list_conversations(**filters), key=lambda c: (c.last_activity_at, c.pk),
                       reverse=True)  # fmt: skip
    assert found == [c.pk for c in every[: 2 * LIMIT]]


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("who", WHO)
def test_a_visible_list(shop, who, name):
    listed(somebody(shop, who), **FILTERS[name](shop))


@pytest.mark.parametrize(
    "given", ["team", "teams", "teamless", "unassigned", "team and unassigned"]
)
def test_a_list_by_team(shop, given):
    team = shop.teams[1].pk
    filters = {
        "team": {"team_ids": [team]},
        "teams": {"team_ids": [team, shop.teams[2].pk]},
        "teamless": {"teamless": True},
        "unassigned": {"unassigned": True},
        "team and unassigned": {"team_ids": [team], "unassigned": True},
    }[given]
    listed(factories.principal(shop.world), **filters)
    if "teamless" not in filters:
        listed(somebody(shop, "an agent's"), **filters)
