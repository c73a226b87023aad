"""Which conversation a message joins, and what reactions come to."""

import time
from datetime import timedelta

from conversations.models import Conversation
from conversations.services.changes import change_status
from crm.models import Contact
from kernel.clock import now
from kernel.models import DomainEvent
from messaging.models import Message, MessageUpdate
from tenants.models import TenantSettings
from tests.inbound import (
    reaction,
    receive,
    text,
)
from webhooks.tests.reading import LEA, state, the_message


def close(conversation):
    return change_status(conversation_id=conversation.pk, status="closed")


def test_a_closed_conversation_reopens_within_its_period(shop):
    receive(shop.channel, text("one"))
    closed = close(Conversation.objects.get())
    assert (closed.active, closed.waiting_since) == (False, None)
    receive(shop.channel, text("two"))
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.active, conversation.closed_at) == (
        "open",
        True,
        None,
    )
    assert (conversation.message_count, conversation.version) == (2, closed.version + 1)
    assert DomainEvent.objects.filter(type="conversation.reopened").count() == 1


def test_after_the_period_a_new_conversation_begins(shop):
    receive(shop.channel, text("one"))
    old = close(Conversation.objects.get())
    TenantSettings.objects.update(reopen_hours=24)
    Conversation.objects.filter(pk=old.pk).update(closed_at=now() - timedelta(hours=25))
    receive(shop.channel, text("two"))
    assert Conversation.objects.count() == 2
    assert Contact.objects.count() == 1
    new = Conversation.objects.get(active=True)
    assert (new.message_count, Message.objects.get(conversation=new).seq) == (1, 1)
    assert Conversation.objects.get(pk=old.pk).status == "closed"


def test_with_a_period_of_zero_nothing_reopens(shop):
    TenantSettings.objects.update(reopen_hours=0)
    receive(shop.channel, text("one"))
    close(Conversation.objects.get())
    time.sleep(0.01)
    receive(shop.channel, text("two"))
    assert Conversation.objects.count() == 2


def test_the_newest_of_several_closed_conversations_reopens(shop):
    for n in range(3):
        TenantSettings.objects.update(reopen_hours=0)
        time.sleep(0.005)
        receive(shop.channel, text(f"n{n}"))
        close(Conversation.objects.get(active=True))
    TenantSettings.objects.update(reopen_hours=24)
    newest = Conversation.objects.order_by("-id").first()
    receive(shop.channel, text("back"))
    assert Conversation.objects.count() == 3
    assert Conversation.objects.get(active=True).pk == newest.pk


def test_a_pending_conversation_opens_when_the_customer_writes(shop):
    receive(shop.channel, text("one"))
    change_status(conversation_id=Conversation.objects.get().pk, status="pending")
    receive(shop.channel, text("two"))
    assert Conversation.objects.get().status == "open"


def test_a_reaction_replaces_the_one_before_and_can_be_taken_away(shop):
    receive(shop.channel, text("one"))
    message, at = the_message(), int(time.time())
    receive(shop.channel, reaction(message.external_id, "👍", at=at))
    (stands,) = state(message).reactions
    assert (stands["emoji"], stands["actor"]["kind"]) == ("👍", "contact")
    receive(shop.channel, reaction(message.external_id, "❤️", at=at + 1))
    assert [r["emoji"] for r in state(message).reactions] == ["❤️"]
    receive(shop.channel, reaction(message.external_id, "", at=at + 2))
    assert state(message).reactions == []
    assert (Message.objects.count(), MessageUpdate.objects.count()) == (1, 3)


def test_reactions_of_two_people_stand_side_by_side(shop):
    receive(shop.channel, text("one"))
    receive(shop.channel, reaction(the_message().external_id, "👍"))
    receive(shop.channel, reaction(the_message().external_id, "🎉", of=LEA))
    assert sorted(r["emoji"] for r in state(the_message()).reactions) == ["🎉", "👍"]


def test_an_older_reaction_that_arrives_later_does_not_win(shop):
    receive(shop.channel, text("one"))
    at = int(time.time())
    receive(shop.channel, reaction(the_message().external_id, "❤️", at=at))
    receive(shop.channel, reaction(the_message().external_id, "👍", at=at - 60))
    assert [r["emoji"] for r in state(the_message()).reactions] == ["❤️"]


def test_a_reaction_that_overtakes_its_message_is_joined_to_it(shop):
    """Meta promises no order, and a retried webhook comes minutes after those behind it."""
    late = text("late")
    receive(shop.channel, reaction(late["id"], "👍"))
    assert MessageUpdate.objects.get().message_id == ""
    receive(shop.channel, late)
    assert [r["emoji"] for r in state(the_message()).reactions] == ["👍"]
