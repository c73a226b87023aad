"""The event stream: who loses access hears nothing of what follows, at once where an event tells of it."""

from typing import Any

import pytest

from config.stream import app
from conversations.services.changes import assign_conversation
from kernel.events import emit
from kernel.scoping.context import outside_scope
from kernel.work.drain import drain
from messaging.events import MessageReceived
from tenants.models import Membership, Team
from tenants.services.api_keys import create_api_key, revoke_api_key
from tenants.services.members import change_member
from tenants.services.tenant import suspend_tenant
from tests import factories
from tests.api.conftest import member
from tests.api.listening import Listening


@pytest.fixture
def talk(quiet: None, world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A conversation of nobody, and another member; streams wake often."""
    monkeypatch.setattr(app, "HEARTBEAT_S", 0.3)
    with factories.inside(world):
        world.other = Membership.objects.create(
            user=factories.person(), role="agent", email="o@e.test"
        )
        world.talk = factories.conversation()
    return world


def say(world: Any, seq: int, on: Any = None) -> None:
    """A customer's message is told."""
    row = on or world.talk
    with factories.inside(world):
        emit(MessageReceived(message_id=factories.message(row).pk, conversation_id=row.pk, seq=seq,
                             channel_id=row.channel_id, contact_id=row.contact_id, message_type="text"))  # fmt: skip
    drain("relay", seconds=5)


def key(world: Any, *scopes: str, **fields: Any) -> tuple[Any, str]:
    with factories.inside(world):
        return create_api_key(name="k", scopes=["events:read", *scopes], **fields)


def told(stream: Listening) -> list[int]:
    return [e["data"]["seq"] for e in stream.events if e["event"] == "message.received"]


def with_key(text: str) -> Listening:
    return Listening(Authorization=f"Bearer {text}")


def test_a_revoked_key_hears_nothing_of_what_follows(talk: Any) -> None:
    made, text = key(talk, "conversations:read_all")
    with with_key(text) as stream:
        say(talk, 1)
        stream.wait(lambda: told(stream) == [1])
        with factories.inside(talk):
            revoke_api_key(key_id=made.pk)
        say(talk, 2)
        assert stream.wait(stream.closed.is_set) < 5
    assert told(stream) == [1]
    assert stream.events[-1] == {"event": "closed", "code": "invalid_api_key"}
    with with_key(text) as again:
        assert again.status == 401


def test_an_end_that_no_event_tells_of_closes_within_half_a_minute(
    talk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert app.HEARTBEAT_S + app.RECHECK_S <= 30
    monkeypatch.setattr(app, "RECHECK_S", 1.0)
    _, text = key(talk, "conversations:read_all")
    with with_key(text) as stream:
        with factories.inside(talk):
            Membership.objects.filter(pk=talk.owner.pk).update(status="disabled")
        assert stream.wait(stream.closed.is_set) < 5
    assert stream.events[-1]["code"] == "invalid_api_key"


def test_a_suspended_tenant_closes_its_streams(talk: Any) -> None:
    _, text = key(talk, "conversations:read_all")
    with with_key(text) as stream:
        with factories.inside(talk):
            suspend_tenant(tenant=talk.tenant, reason="unpaid")
        say(talk, 1)
        assert stream.wait(stream.closed.is_set) < 5
    assert told(stream) == [] and stream.events[-1]["code"] == "tenant_suspended"


def test_a_removed_member_and_one_whose_key_lost_its_scope_hear_no_more(talk: Any) -> None:
    _, colleague = member(talk, "admin")
    with factories.inside(talk):
        principal = factories.principal(talk, "admin")
    from dataclasses import replace

    from tenants.access import acting

    with (
        factories.inside(talk),
        acting(replace(principal, id=colleague.pk, member_id=colleague.pk)),
    ):
        _, text = create_api_key(
            name="k", scopes=["events:read", "conversations:read_all", "audit:read"]
        )
    with with_key(text) as stream:
        say(talk, 1)
        stream.wait(lambda: told(stream) == [1])
        with factories.inside(talk):
            change_member(member_id=colleague.pk, role="viewer")
        say(talk, 2)
        stream.wait(lambda: told(stream) == [1, 2])  # a viewer still reads all of these
        with factories.inside(talk):
            change_member(member_id=colleague.pk, status="disabled")
        say(talk, 3)
        assert stream.wait(stream.closed.is_set) < 5
    assert told(stream) == [1, 2]


def test_a_conversation_that_is_given_away_is_heard_of_no_more(talk: Any) -> None:
    limited = ("conversations:read_unassigned", "conversations:read_assigned")
    _, text = key(talk, *limited)
    with factories.inside(talk):
        kept = factories.conversation(assignee=talk.owner)
    with with_key(text) as stream:
        say(talk, 1)
        stream.wait(lambda: told(stream) == [1])
        with factories.inside(talk):
            assign_conversation(conversation_id=talk.talk.pk, assignee_id=talk.other.pk)
        for seq in (2, 3):
            say(talk, seq)
        say(talk, 4, on=kept)
        stream.wait(lambda: 4 in told(stream))
        assert told(stream) == [1, 4]
        with factories.inside(talk):
            assign_conversation(conversation_id=talk.talk.pk, assignee_id=talk.owner.pk)
        say(talk, 5)
        stream.wait(lambda: 5 in told(stream))
    assert told(stream) == [1, 4, 5]


def test_a_conversation_that_goes_to_another_team_is_heard_of_no_more(talk: Any) -> None:
    with factories.inside(talk):
        mine, theirs = Team.objects.create(name="mine"), Team.objects.create(name="theirs")
        Membership.objects.filter(pk=talk.owner.pk).update(team_ids=[mine.pk])
        assign_conversation(conversation_id=talk.talk.pk, team_id=mine.pk)
    _, text = key(talk, "conversations:read_team", "conversations:read_unassigned")
    with with_key(text) as stream:
        say(talk, 1)
        stream.wait(lambda: told(stream) == [1])
        with factories.inside(talk):
            assign_conversation(conversation_id=talk.talk.pk, team_id=theirs.pk)
        say(talk, 2)
        with factories.inside(talk):
            assign_conversation(conversation_id=talk.talk.pk, team_id=None)
        say(talk, 3)
        stream.wait(lambda: 3 in told(stream))
    assert told(stream) == [1, 3]


def test_a_key_that_keeps_to_a_channel_hears_of_that_channel(talk: Any) -> None:
    with factories.inside(talk):
        elsewhere = factories.conversation()
    _, text = key(talk, "conversations:read_all", channel_ids=[elsewhere.channel_id])
    with with_key(text) as stream:
        say(talk, 1)
        say(talk, 2, on=elsewhere)
        stream.wait(lambda: told(stream))
    assert told(stream) == [2]
    with outside_scope(), with_key(text) as again:
        again.wait(lambda: "retry" in again.text)


def test_what_is_not_shown_still_moves_the_position_on(talk: Any) -> None:
    _, text = key(talk)
    with with_key(text) as stream:
        say(talk, 1)
        stream.wait(lambda: "\nid: " in stream.text)
        assert told(stream) == []
