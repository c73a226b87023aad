"""A channel's states: every legal move, every illegal one, and what a move brings with it."""

import itertools

import pytest

from channels.errors import IllegalMove
from channels.models import Channel, ChannelAlert
from channels.services.connect import break_channel, pause_channel, reconnect
from channels.services.states import MOVES, move
from kernel.models import AuditEntry, DomainEvent, Lane
from kernel.mongo.doors import hasty
from kernel.mongo.transactions import run_transaction
from tests import factories
from tests.simulator import TOKEN

STATES = [state for state, _ in Channel.STATUSES]
LEGAL = {
    ("connecting", "active"), ("connecting", "removed"),
    ("active", "degraded"), ("active", "broken"), ("active", "paused"), ("active", "removed"),
    ("degraded", "active"), ("degraded", "broken"), ("degraded", "paused"), ("degraded", "removed"),
    ("broken", "active"), ("broken", "removed"),
    ("paused", "active"), ("paused", "removed"),
}  # fmt: skip


@pytest.fixture
def inside(world):
    with factories.inside(world):
        yield world


def told():
    return (AuditEntry.objects.filter(action="channel.status_changed").count(),
            DomainEvent.objects.filter(type="channel.status_changed").count())  # fmt: skip


def test_the_table_has_every_state():
    assert set(MOVES) == set(STATES)
    assert {(a, b) for a, after in MOVES.items() for b in after} == LEGAL


@pytest.mark.parametrize("before, after", sorted(LEGAL))
def test_a_legal_move_is_made_audited_and_told(inside, before, after):
    channel = factories.channel(status=before)
    assert run_transaction(lambda: move(channel, after, "because"))
    kept = Channel.objects.get(pk=channel.pk)
    assert (kept.status, kept.status_reason, kept.status_at) == (
        after,
        "because",
        channel.status_at,
    )
    assert told() == (1, 1)
    (entry,) = AuditEntry.objects.filter(action="channel.status_changed")
    assert entry.changes == {"status": [before, after]}


@pytest.mark.parametrize("before, after", sorted(set(itertools.permutations(STATES, 2)) - LEGAL))
def test_an_illegal_move_is_refused_and_changes_nothing(inside, before, after):
    channel = factories.channel(status=before)
    with pytest.raises(IllegalMove):
        run_transaction(lambda: move(channel, after, "because"))
    assert Channel.objects.get(pk=channel.pk).status == before
    assert told() == (0, 0)


def test_a_move_from_a_state_that_was_left_meanwhile_is_refused(inside):
    stale = factories.channel()
    run_transaction(lambda: move(Channel.objects.get(pk=stale.pk), Channel.BROKEN, "gone"))
    with pytest.raises(IllegalMove):
        run_transaction(lambda: move(stale, Channel.DEGRADED, "late"))
    assert Channel.objects.get(pk=stale.pk).status == "broken"
    assert told() == (1, 1)


def test_staying_is_no_move_and_a_new_reason_is_kept(inside):
    channel = factories.channel(status=Channel.DEGRADED)
    run_transaction(lambda: move(channel, Channel.DEGRADED, "slow"))
    assert not run_transaction(lambda: move(channel, Channel.DEGRADED, "slow"))
    assert Channel.objects.get(pk=channel.pk).status_reason == "slow"
    assert told() == (1, 1)


def test_a_channel_breaks_once_whoever_finds_out(inside):
    channel = factories.channel()
    for _ in range(3):
        break_channel(channel=channel, reason="The token was revoked.")
    assert told() == (1, 1)
    alert = ChannelAlert.objects.get()
    assert (alert.topic, alert.sentence) == ("broken", "The token was revoked.")
    assert DomainEvent.objects.filter(type="channel.alerted").count() == 1
    assert AuditEntry.objects.filter(action="channel.alerted").count() == 1


def test_a_broken_channel_cannot_be_paused_and_so_resumed_without_a_token(inside):
    channel = factories.channel(status=Channel.BROKEN)
    with pytest.raises(IllegalMove):
        pause_channel(channel_id=channel.pk)
    assert Channel.objects.get(pk=channel.pk).status == "broken"


def test_a_new_token_does_not_end_a_persons_pause(live):
    channel = live.simulator.channel()
    pause_channel(channel_id=channel.pk)
    assert reconnect(channel_id=channel.pk, access_token=TOKEN).status == "paused"
    assert hasty(Lane).find_one({"kind": "upkeep", "key": f"{live.tenant.pk}:{channel.pk}"})
