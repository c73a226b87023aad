"""What waits for a cause outside the message goes on in order when it is gone."""

from datetime import timedelta

import pytest

from channels.models import Channel
from channels.services.connect import pause_channel, reconnect, remove_channel, resume_channel
from conversations.models import Conversation
from kernel.clock import now
from kernel.models import DomainEvent
from kernel.work import serving
from messaging.dispatch import deliver
from messaging.dispatch.receipts import show_read
from messaging.models import Delivery, ReadReceipt
from messaging.services.drafts import Draft
from messaging.services.send import send_message
from messaging.tests.sending import queue, send_now, state, texts_sent
from tenants.services.tenant import resume_tenant, suspend_tenant
from tests import factories
from tests.inbound import receive, text, work_off
from tests.simulator import TOKEN


def test_a_token_that_is_refused_breaks_the_channel_and_keeps_its_queue_in_order(live):
    wanted = ["one", "two", "three"]
    queue(live, *wanted)
    live.simulator.do("tokens", action="revoke", token=TOKEN)
    try:
        send_now()
        channel = Channel.objects.get(pk=live.channel.pk)
        assert (channel.status, bool(channel.status_reason)) == ("broken", True)
        assert set(Delivery.objects.values_list("state", flat=True)) == {"parked"}
        assert set(Delivery.objects.values_list("attempts", flat=True)) == {0}
        queue(live, "four")
        send_now()
        assert texts_sent(live) == []
    finally:
        live.simulator.do("tokens", action="restore", token=TOKEN)
    reconnect(channel_id=live.channel.pk, access_token=TOKEN)
    assert Channel.objects.get(pk=live.channel.pk).status == "active"
    send_now()
    assert texts_sent(live) == [*wanted, "four"]
    assert set(Delivery.objects.values_list("outcome", flat=True)) == {"accepted"}
    assert DomainEvent.objects.filter(type="channel.status_changed").count() == 2


def test_a_paused_channel_holds_its_sends_until_it_is_resumed(live):
    queue(live, "one")
    pause_channel(channel_id=live.channel.pk)
    send_now()
    queue(live, "two")
    send_now()
    assert live.simulator.sends(live.channel) == []
    resume_channel(channel_id=live.channel.pk)
    send_now()
    assert texts_sent(live) == ["one", "two"]


def test_a_suspended_tenant_sends_nothing_until_it_is_resumed(live):
    queue(live, "one")
    suspend_tenant(tenant=live.tenant, reason="unpaid")
    send_now()
    assert live.simulator.sends(live.channel) == []
    assert Delivery.objects.get().state == "parked"
    resume_tenant(tenant=live.tenant, reason="paid")
    send_now()
    assert texts_sent(live) == ["one"]


def test_a_window_that_closed_while_waiting_fails_the_message(live):
    message = queue(live, "too late")
    past = now() - timedelta(seconds=1)
    Delivery.objects.update(not_after=past)
    Conversation.objects.update(window_until=past)
    send_now()
    assert live.simulator.sends(live.channel) == []
    found = state(message)
    assert (found.status, found.error["advice"]) == ("failed", "Send a template instead.")


def test_a_window_that_opened_again_while_waiting_lets_the_message_go(live):
    queue(live, "still welcome")
    Delivery.objects.update(not_after=now() - timedelta(seconds=1))
    send_now()
    assert texts_sent(live) == ["still welcome"]


def test_what_waits_on_a_removed_channel_is_told_to_have_failed(live):
    message = queue(live, "nowhere to go")
    remove_channel(channel_id=live.channel.pk)
    send_now()
    assert live.simulator.sends(live.channel) == []
    assert state(message).status == "failed"


def test_one_conversations_trouble_does_not_delay_anothers(live):
    queue(live, "stuck")
    Delivery.objects.update(due_at=now() + timedelta(hours=1))
    other = factories.contact(name="Lea")
    factories.identity(other, value="972509999999")
    second = factories.conversation(on=live.channel, with_=other)
    send_message(conversation_id=second.pk, draft=Draft(type="text", text="free"))
    send_now()
    assert texts_sent(live) == ["free"]


def test_a_delivery_that_fails_here_is_told_to_the_agent(live, monkeypatch):
    monkeypatch.setattr(serving, "BACKOFF_S", (0.0,) * 4)
    message = queue(live, "hello")
    monkeypatch.setattr(deliver, "client_of", lambda channel: 1 / 0)
    send_now()
    assert (Delivery.objects.get().state, Delivery.objects.get().outcome) == ("dead", "failed")
    assert state(message).status == "failed"


@pytest.mark.parametrize("emoji", ["👍", ""])
def test_our_own_reaction_is_shown_on_the_message_it_is_for(live, emoji):
    target = factories.message(live.conversation, seq=live.conversation.message_count + 1)
    live.simulator.let_write(live.channel)
    given = {"message_id": target.pk, "emoji": emoji}
    Conversation.objects.update(message_count=target.seq)
    send_message(conversation_id=live.conversation.pk, draft=Draft(type="reaction", body=given))
    send_now()
    (call,) = live.simulator.sends(live.channel)
    assert call["body"]["reaction"] == {"message_id": target.external_id, "emoji": emoji}
    if call["wamid"]:
        assert [r["emoji"] for r in state(target).reactions] == [e for e in [emoji] if e]


@pytest.mark.parametrize("suspended, note", [(False, ""), (True, "nothing is sent now")])
def test_a_suspended_tenant_shows_no_ticks(live, suspended, note):
    receive(live.channel, text("anyone there?"))
    show_read(conversation=Conversation.objects.get(pk=live.conversation.pk))
    if suspended:
        suspend_tenant(tenant=live.tenant, reason="unpaid")
    work_off("receipt")
    receipt = ReadReceipt.objects.get()
    assert (receipt.state, receipt.reason) == ("done", note)
