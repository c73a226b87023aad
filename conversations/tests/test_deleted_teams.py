"""A deleted team leaves its conversations to everyone."""

import pytest

from conversations.models import Conversation
from kernel.models import Lane
from kernel.scoping.context import outside_scope
from kernel.work.drain import drain
from tenants.services.teams import create_team, delete_team
from tests import factories


@pytest.fixture
def shop(world):
    with outside_scope():
        Lane.objects.filter(kind__in=["relay", "react"]).delete()
    with factories.inside(world):
        yield world


def test_what_a_deleted_team_had_belongs_to_none(shop):
    gone, kept = create_team(name="A"), create_team(name="B")
    channel = factories.channel()
    mine = [factories.conversation(on=channel, team=gone) for _ in range(3)]
    other = factories.conversation(on=channel, team=kept)
    delete_team(team_id=gone.pk)
    with outside_scope():
        drain("relay", seconds=5)
        drain("react", seconds=5)
    rows = {row.pk: row for row in Conversation.objects.all()}
    assert [rows[one.pk].team_id for one in mine] == [None] * 3
    assert [rows[one.pk].version for one in mine] == [one.version + 1 for one in mine]
    assert (rows[other.pk].team_id, rows[other.pk].version) == (kept.pk, other.version)
