"""What Instagram announces by an id alone is read there and lands once, in one form or another."""

from typing import Any

import pytest

from channels.models import Channel
from conversations.models import Conversation
from crm.models import Contact, ContactIdentity
from kernel.clock import now
from kernel.models import Lane
from kernel.work.serving import MAX_ATTEMPTS
from messaging.ingest import lookups
from messaging.models import Lookup, Message, MessageUpdate
from messaging.tests.arriving import shown
from messaging.tests.instagram import (
    DANA,
    ig_body,
    ig_mid,
    ig_receive,
    ig_text,
    item,
)
from tenants.services.tenant import resume_tenant, suspend_tenant
from tests.inbound import take_in, work_off


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """The rate of reads, two a second, is a test of its own."""
    monkeypatch.setattr(lookups.pacing, "wait_to_read", lambda channel, of_conversation: 0.0)


def trap(gram, mid, **more):
    """The notice of a new message that says nothing but its id."""
    event = item(gram.channel, DANA, message_edit={"mid": mid, "num_edit": 0, **more})
    return {key: value for key, value in event.items() if key not in ("sender", "recipient")}


def node(gram, mid, text="hi", *, of=DANA) -> dict[str, Any]:
    account = gram.channel.external["ig_id"]
    return {"id": mid, "created_time": "2026-11-01T10:00:00+0000", "message": text,
            "from": {"id": of}, "to": {"data": [{"id": account}]}}  # fmt: skip


def looked_up():
    work_off("lookup")
    return Lookup.objects.get()


def again():
    Lookup.objects.filter(open=True).update(due_at=now())
    Lane.objects.filter(kind="lookup").update(due_at=now())
    return looked_up()


def test_lookups_keep_to_the_rate_of_reads(gram, monkeypatch):
    monkeypatch.setattr(lookups.pacing, "wait_to_read", lambda channel, of_conversation: 0.4)
    ig_receive(gram.channel, trap(gram, ig_mid()))
    item = looked_up()
    assert (item.open, item.attempts, gram.meta.asked) == (True, 0, [])


def test_a_lookup_that_meets_the_apps_limit_slows_what_is_sent_too(gram, monkeypatch):
    slowed = []
    monkeypatch.setattr(lookups.pacing, "slow_down", lambda *given: slowed.append(given[2].scope))
    gram.meta.refuse(4)
    ig_receive(gram.channel, trap(gram, ig_mid()))
    assert (looked_up().attempts, slowed) == (0, ["app"])


def texts():
    return [message["text"] for message in shown()]


def test_an_edit_with_number_zero_lands_as_the_new_message_that_it_is(gram):
    mid = ig_mid()
    gram.meta.answer(node(gram, mid, "do you ship?"))
    ig_receive(gram.channel, trap(gram, mid))
    assert (looked_up().state, texts()) == ("done", ["do you ship?"])
    message = Message.objects.get()
    assert (message.external_id, message.direction, message.type) == (mid, "inbound", "text")
    assert ContactIdentity.objects.get().value == DANA
    assert Conversation.objects.get().window_until is not None
    assert MessageUpdate.objects.count() == 0


@pytest.mark.parametrize("first", ["the message", "the trap", "both at once"])
def test_it_lands_once_when_the_message_comes_too(gram, first):
    mid = ig_mid()
    told = ig_text(gram.channel, DANA, "do you ship?", mid=mid)
    if first == "both at once":
        ig_receive(gram.channel, trap(gram, mid), told)
    elif first == "the message":
        ig_receive(gram.channel, told)
        ig_receive(gram.channel, trap(gram, mid))
    else:
        ig_receive(gram.channel, trap(gram, mid))
        ig_receive(gram.channel, told)
    work_off("lookup")
    assert texts() == ["do you ship?"]
    assert gram.meta.asked == []
    assert set(Lookup.objects.values_list("state", flat=True)) <= {"done"}


def test_the_message_may_come_after_it_was_read(gram):
    mid = ig_mid()
    gram.meta.answer(node(gram, mid, "do you ship?"))
    ig_receive(gram.channel, trap(gram, mid))
    looked_up()
    ig_receive(gram.channel, ig_text(gram.channel, DANA, "do you ship?", mid=mid))
    assert texts() == ["do you ship?"]
    assert Conversation.objects.get().message_count == 1


def test_an_edit_without_its_words_has_them_read(gram):
    mid = ig_mid()
    ig_receive(gram.channel, ig_text(gram.channel, DANA, "to Haifa?", mid=mid))
    gram.meta.answer(node(gram, mid, "to Akko?"))
    ig_receive(gram.channel, item(gram.channel, DANA, message_edit={"mid": mid, "num_edit": 1}))
    assert looked_up().state == "done"
    (message,) = shown()
    assert (message["text"], [e["text"] for e in message["edits"]]) == ("to Akko?", ["to Haifa?"])


def test_trouble_is_tried_again_and_ends_in_what_is_known(gram, monkeypatch):
    monkeypatch.setattr(lookups, "RETRY_S", (0,) * 4)
    mid = ig_mid()
    event = item(gram.channel, DANA, message_edit={"mid": mid, "num_edit": 0})
    for _ in range(MAX_ATTEMPTS):
        gram.meta.refuse(2, status=500)
    ig_receive(gram.channel, event)
    found = looked_up()
    assert (found.state, found.attempts) == ("dead", MAX_ATTEMPTS)
    (message,) = shown()
    assert (message["type"], message["external_id"]) == ("unsupported", mid)
    assert Conversation.objects.get().unread_count == 1


def test_trouble_that_passes_costs_nothing(gram):
    mid = ig_mid()
    gram.meta.refuse(2, status=500)
    ig_receive(gram.channel, trap(gram, mid))
    found = looked_up()
    assert (found.state, texts()) == ("ready", [])
    assert found.due_at > now()
    gram.meta.answer(node(gram, mid))
    assert (again().state, texts()) == ("done", ["hi"])


def test_what_names_nobody_and_cannot_be_read_is_dead_and_in_sight(gram):
    gram.meta.refuse(100, 33)
    ig_receive(gram.channel, trap(gram, ig_mid()))
    found = looked_up()
    assert (found.state, texts()) == ("dead", [])
    assert found.reason


def test_a_token_that_is_refused_keeps_the_lookup_waiting(gram):
    gram.meta.refuse(190, 463, status=401)
    ig_receive(gram.channel, trap(gram, ig_mid()))
    assert looked_up().state == "parked"
    assert Channel.objects.get(pk=gram.channel.pk).status == Channel.BROKEN


def test_our_own_message_that_was_only_announced_is_no_customers(gram):
    mid, account = ig_mid(), gram.channel.external["ig_id"]
    answer = node(gram, mid, "sure", of=account) | {"to": {"data": [{"id": DANA}]}}
    gram.meta.answer(answer)
    ig_receive(gram.channel, trap(gram, mid))
    assert looked_up().state == "done"
    message = Message.objects.get()
    assert (message.direction, message.sender_kind) == ("outbound", "elsewhere")


# ------------------------------------------------------------------ comments and mentions


def comment(**value):
    return [{"field": "comments", "value": value}]


def test_a_comment_of_nobody_named_is_read(gram):
    gram.meta.answer({"id": "18055", "text": "price?", "from": {"id": DANA, "username": "dana"}})
    ig_receive(gram.channel, changes=comment(id="18055", text="price?"))
    assert looked_up().state == "done"
    (message,) = shown()
    assert (message["type"], message["text"]) == ("comment", "price?")
    assert message["comment"]["comment_id"] == "18055"
    assert ContactIdentity.objects.get().value == DANA


def test_a_comment_whose_author_stays_unknown_is_shown_under_its_name_at_most(gram):
    gram.meta.answer({"id": "18055", "text": "price?", "username": "Dana.C"})
    gram.meta.answer({"id": "18056", "text": "same"})
    ig_receive(gram.channel, changes=comment(id="18055") + comment(id="18056"))
    work_off("lookup")
    assert sorted(texts()) == ["price?", "same"]
    named = {(i.kind, i.value, i.scope) for i in ContactIdentity.objects.exclude(kind="igsid")}
    assert named == {("username", "dana.c", gram.channel.pk), ("comment", "18056", gram.channel.pk)}


def test_a_comment_that_cannot_be_read_shows_what_came(gram):
    gram.meta.refuse(100, 33)
    ig_receive(gram.channel, changes=comment(id="18055", text="price?", media={"id": "17990"}))
    assert looked_up().state == "dead"
    (message,) = shown()
    assert (message["text"], message["comment"]["media"]) == ("price?", {"id": "17990"})


def test_a_mention_is_read_where_it_was_made(gram):
    account = gram.channel.external["ig_id"]
    gram.meta.answer({"id": account, "mentioned_comment": {
        "id": "18070", "text": "ask @shop", "username": "dana", "media": {"id": "17918"}}})  # fmt: skip
    mention = {"field": "mentions", "value": {"media_id": "17918", "comment_id": "18070"}}
    ig_receive(gram.channel, changes=[mention])
    assert looked_up().state == "done"
    (message,) = shown()
    assert (message["text"], message["comment"]["is_mention"]) == ("ask @shop", True)


# ------------------------------------------------------------------ once


def test_the_same_notice_twice_is_one_lookup(gram):
    body = ig_body(gram.channel, trap(gram, ig_mid()))
    take_in(body, body)
    take_in(body)
    assert Lookup.objects.count() == 1


def test_a_suspended_tenants_lookups_wait(gram):
    mid = ig_mid()
    ig_receive(gram.channel, trap(gram, mid))
    suspend_tenant(tenant=gram.tenant, reason="unpaid")
    assert (looked_up().state, gram.meta.asked) == ("parked", [])
    gram.meta.answer(node(gram, mid))
    resume_tenant(tenant=gram.tenant, reason="paid")
    assert (looked_up().state, texts()) == ("done", ["hi"])


STRANGER = "902211339999"


def test_who_writes_without_a_name_is_looked_up_once(gram):
    gram.meta.answer({"id": STRANGER, "name": "Dana Cohen", "username": "dana.c"})
    ig_receive(gram.channel, ig_text(gram.channel, STRANGER, "hello"))
    assert (looked_up().what, looked_up().state) == ("profile", "done")
    contact = Contact.objects.get(username="dana.c")
    assert (contact.name, contact.username) == ("Dana Cohen", "dana.c")
    ig_receive(gram.channel, ig_text(gram.channel, STRANGER, "again"))
    assert Lookup.objects.count() == 1


def test_who_shows_no_name_keeps_none_and_is_not_asked_for_again(gram):
    gram.meta.refuse(230, 400)
    ig_receive(gram.channel, ig_text(gram.channel, STRANGER, "hello"))
    assert looked_up().state == "done"
    ig_receive(gram.channel, ig_text(gram.channel, STRANGER, "again"))
    assert (Lookup.objects.count(), texts()) == (1, ["hello", "again"])
