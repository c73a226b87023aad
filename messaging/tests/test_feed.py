"""What decides who is shown an event: that it names its conversation, and what became of that."""

import pytest

import conversations.events
import messaging.events
from conversations.events import ConversationsLeftMember, ConversationsLeftTeam
from kernel.events import Event, emit
from kernel.models import DomainEvent
from kernel.mongo.ids import new_id
from messaging.events import AttachmentFailed, MessageEdited
from messaging.feed import placed, seen_by
from tenants.access import Principal
from tenants.permissions import Permission as P
from tests import factories

OF_NO_CONVERSATION = {ConversationsLeftTeam, ConversationsLeftMember}  # of a team, of a member


def facts(module):
    return [kind for kind in vars(module).values()
            if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event]  # fmt: skip


@pytest.mark.parametrize(
    "kind", [*facts(conversations.events), *facts(messaging.events)], ids=lambda kind: kind.type
)
def test_an_event_of_a_conversation_names_it(kind):
    names = {"conversation_id", "message_id"} & set(kind.__dataclass_fields__)
    assert bool(names) != (kind in OF_NO_CONVERSATION)


def somebody(*held, channel_ids=()):
    return Principal(kind="member", id="m", member_id="m", user_id="u", name="", role="agent",
                     permissions=frozenset(held), channel_ids=channel_ids)  # fmt: skip


def shown(principal, *events):
    emit(*events)
    rows = list(DomainEvent.objects.order_by("-id")[: len(events)])[::-1]
    return [event["data"] for event in seen_by(principal, placed(rows))]


def test_what_is_gone_is_shown_to_those_who_see_everything_only(world):
    with factories.inside(world):
        gone = (MessageEdited(message_id=new_id(), conversation_id=new_id()),
                AttachmentFailed(attachment_id=new_id(), message_id=new_id(), error="x"))  # fmt: skip
        assert shown(somebody(P.CONVERSATIONS_READ_UNASSIGNED), *gone) == []
        assert len(shown(somebody(P.CONVERSATIONS_READ_ALL), *gone)) == 2


def test_news_of_several_channels_names_only_those_that_a_key_keeps_to(world):
    from channels.events import ChannelNoticed

    with factories.inside(world):
        mine, other = new_id(), new_id()
        news = [ChannelNoticed(channel_ids=ids, topic="t", severity="info", sentence="s", facts=())
                for ids in ((mine, other), (other,))]  # fmt: skip
        kept = shown(somebody(P.CONVERSATIONS_READ_ALL, channel_ids=(mine,)), *news)
        assert [data["channel_ids"] for data in kept] == [[mine]]
