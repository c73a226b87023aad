"""From the ledger into conversations: each thing once, in order, whatever the provider does."""

import time

import pytest

from conversations.models import Conversation
from crm.models import Contact, ContactIdentity
from kernel.models import DomainEvent
from kernel.scoping import tenant_scope
from kernel.work import mark, serving
from messaging.ingest import messages
from messaging.models import Attachment, Message, MessageUpdate
from tenants.services.tenant import resume_tenant, suspend_tenant
from tests import factories
from tests.inbound import (
    body,
    change,
    image,
    post,
    receive,
    status,
    take_in,
    text,
    wamid,
    work_off,
)
from webhooks.models import WebhookEvent
from webhooks.tests.reading import LEA, NOA, state, texts, the_message


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

    def fail_on_poison(entry, *rest):
        if entry.text == "poison":
            raise RuntimeError("a bug")
        return real(entry, *rest)

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
