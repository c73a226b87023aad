"""From the ledger into conversations: each thing once, in order, whatever the provider does."""

import time
from datetime import timedelta

import pytest

from conversations.models import Conversation
from conversations.services.changes import change_status
from crm.models import Contact, ContactIdentity
from kernel.clock import now
from kernel.models import DomainEvent
from kernel.scoping import tenant_scope
from kernel.work import mark, serving
from messaging.ingest import messages
from messaging.models import Attachment, Message, MessageUpdate
from messaging.selectors import shown
from tenants.models import TenantSettings
from tenants.services.tenant import resume_tenant, suspend_tenant
from tests import factories
from tests.inbound import (
    body,
    change,
    image,
    post,
    reaction,
    receive,
    status,
    take_in,
    text,
    wamid,
    work_off,
)
from webhooks.models import WebhookEvent

NOA, LEA = "972501234567", "972509999999"


def texts():
    return list(Message.objects.order_by("conversation_id", "seq").values_list("text", flat=True))


def the_message():
    return Message.objects.get()


def state(message):
    return shown([message])[0].state


def test_a_message_makes_a_contact_a_conversation_and_their_summaries(shop):
    written = int(time.time()) - 60
    receive(shop.channel, text("hello there", at=written))
    contact, conversation, message = (
        Contact.objects.get(),
        Conversation.objects.get(),
        the_message(),
    )
    assert (contact.name, ContactIdentity.objects.get().value) == ("Person 4567", NOA)
    assert (conversation.status, conversation.active, conversation.unread) == ("open", True, True)
    assert (conversation.message_count, conversation.unread_count, message.seq) == (1, 1, 1)
    assert conversation.last_message["preview"] == "hello there"
    assert conversation.last_message["id"] == message.pk
    assert conversation.waiting_since == conversation.last_inbound_at
    assert conversation.window_until.timestamp() == written + 24 * 3600
    types = list(DomainEvent.objects.order_by("id").values_list("type", flat=True))
    assert types[-3:] == ["contact.created", "conversation.created", "message.received"]


def test_messages_of_one_person_keep_their_order_and_count(shop):
    for n in range(3):
        receive(shop.channel, *(text(f"{n}.{k}") for k in range(4)))
    assert texts() == [f"{n}.{k}" for n in range(3) for k in range(4)]
    assert list(Message.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, 13))
    conversation = Conversation.objects.get()
    assert (conversation.message_count, conversation.unread_count) == (12, 12)
    assert conversation.last_message["preview"] == "2.3"


def test_an_old_time_never_shortens_the_window(shop):
    receive(shop.channel, text("new"))
    until = Conversation.objects.get().window_until
    receive(shop.channel, text("late", at=int(time.time()) - 7200))
    assert Conversation.objects.get().window_until == until


def test_people_of_one_body_have_conversations_of_their_own(shop):
    receive(shop.channel, text("a", of=NOA), text("b", of=LEA), text("c", of=NOA))
    assert Conversation.objects.count() == Contact.objects.count() == 2
    assert sorted(Conversation.objects.values_list("message_count", flat=True)) == [1, 2]
    numbers = sorted(Conversation.objects.values_list("number", flat=True))
    assert numbers[1] == numbers[0] + 1


def test_applying_an_item_again_changes_nothing(shop):
    receive(shop.channel, text("once"))
    receive(shop.channel, statuses=[status(the_message().external_id, "read")])
    before = [
        list(m.objects.order_by("id").values())
        for m in (Message, Conversation, MessageUpdate, Contact)
    ]
    WebhookEvent.objects.update(state="ready", open=True, fence=0, attempts=0)
    for lane in set(WebhookEvent.objects.values_list("lane", flat=True)):
        mark("ingest", f"{shop.tenant.pk}:{lane}")
    work_off("ingest")
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"done"}
    after = [
        list(m.objects.order_by("id").values())
        for m in (Message, Conversation, MessageUpdate, Contact)
    ]
    assert after == before


# ------------------------------------------------------------------ reopening


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


# ------------------------------------------------------------------ reactions


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


# ------------------------------------------------------------------ files and replies


def test_a_message_with_a_file_is_there_before_the_file(shop):
    receive(shop.channel, image("media-1"))
    message, file = the_message(), Attachment.objects.get()
    assert (message.type, message.text, message.attachment_count) == ("image", "look", 1)
    assert (file.message_id, file.provider_id, file.media_state) == (
        message.pk,
        "media-1",
        "pending",
    )
    assert (file.state, file.lane) == ("ready", file.pk)


def test_a_reply_names_the_message_it_quotes(shop):
    first = text("first")
    answer = {**text("answer"), "context": {"from": "15550100", "id": first["id"]}}
    strange = {**text("strange"), "context": {"from": "15550100", "id": wamid()}}
    receive(shop.channel, first, answer)
    receive(shop.channel, strange)
    by_text = {m.text: m for m in Message.objects.all()}
    assert by_text["answer"].reply_to_id == by_text["first"].pk
    assert by_text["strange"].reply_to_id == ""


def test_an_unknown_type_is_a_visible_message(shop):
    odd = {"from": NOA, "id": wamid(), "timestamp": str(int(time.time())), "type": "hologram",
           "hologram": {"a": 1}}  # fmt: skip
    receive(shop.channel, odd)
    assert the_message().type == "unsupported"
    assert Conversation.objects.get().last_message["preview"] == "[unsupported]"


# ------------------------------------------------------------------ suspended tenants


def test_a_suspended_tenants_items_are_parked_and_go_on_in_order(shop):
    phone = shop.channel.external["phone_number_id"]
    suspend_tenant(tenant=shop.tenant, reason="unpaid")
    for n in range(3):
        take_in(body(change(phone, messages=[text(f"n{n}")])))
    assert texts() == []
    states = dict(WebhookEvent.objects.values_list("state", "reason"))
    assert states["parked"] == "tenant_suspended"
    post(body(change(phone, messages=[text("n3")])))
    work_off("explode")
    resume_tenant(tenant=shop.tenant, reason="paid")
    work_off("ingest")
    assert texts() == [f"n{n}" for n in range(4)]
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"done"}
    assert all(a <= 1 for a in WebhookEvent.objects.values_list("attempts", flat=True))


def test_suspending_one_tenant_does_not_stop_another(new_tenant):
    one, two = new_tenant(), new_tenant()
    phones = {}
    for world in (one, two):
        with factories.inside(world):
            phones[world.tenant.pk] = factories.channel().external["phone_number_id"]
    with factories.inside(one):
        suspend_tenant(tenant=one.tenant, reason="unpaid")
    take_in(*(body(change(phones[w.tenant.pk], messages=[text("hi")])) for w in (one, two)))
    for world, expected in ((one, []), (two, ["hi"])):
        with tenant_scope(world.tenant):
            assert texts() == expected


# ------------------------------------------------------------------ poison


def test_one_item_that_cannot_be_applied_dies_alone(shop, monkeypatch):
    monkeypatch.setattr(serving, "BACKOFF_S", (0.0,) * 4)
    real = messages._message

    def fail_on_poison(channel, event, *rest):
        if event.text == "poison":
            raise RuntimeError("a bug")
        return real(channel, event, *rest)

    monkeypatch.setattr(messages, "_message", fail_on_poison)
    senders = [NOA, NOA, NOA, LEA, LEA]
    sent = [text(t, of=s) for t, s in zip(["a", "poison", "b", "c", "d"], senders, strict=True)]
    receive(shop.channel, *sent)
    assert sorted(texts()) == ["a", "b", "c", "d"]
    dead = WebhookEvent.objects.get(state="dead")
    assert (dead.attempts, dead.last_error) == (5, "RuntimeError: a bug")
    assert sorted(Conversation.objects.values_list("message_count", flat=True)) == [2, 2]


@pytest.mark.parametrize("what", ["sent", "delivered", "read", "failed"])
def test_a_status_of_a_message_that_is_not_ours_is_kept_and_harms_nothing(shop, what):
    receive(shop.channel, statuses=[status(wamid(), what, callback="f" * 24)])
    assert MessageUpdate.objects.get().message_id == ""
    assert WebhookEvent.objects.get().state == "done"
    assert Message.objects.count() == Conversation.objects.count() == 0


def test_a_status_cannot_reach_another_tenants_message(new_tenant):
    """Whatever it claims to have been sent as."""
    one, two = new_tenant(), new_tenant()
    with factories.inside(one):
        message, _ = factories.outbound(factories.conversation())
    with factories.inside(two):
        receive(factories.channel(), statuses=[status(wamid(), "read", callback=message.pk)])
        assert MessageUpdate.objects.get().message_id == ""
    with tenant_scope(one.tenant):
        assert MessageUpdate.objects.count() == 0
        assert state(message).status == "queued"
