"""Taps, referrals, comments, calls, history and standby: what each shows and what it does to its conversation."""

import pytest
from django.conf import settings

from channels.providers import events
from conversations.models import Conversation
from messaging.api.representations import one_message_json
from messaging.models import Message, MessageUpdate
from messaging.tests.arriving import (
    NOA,
    again,
    at,
    echo,
    facts,
    mid,
    person,
    shown,
    take,
    take_each,
    the_conversation,
    the_message,
    wrote,
)
from tests import factories


@pytest.fixture
def quiet(shop):
    """A conversation that nobody has written in: its window is shut."""
    Conversation.objects.update(window_until=None)
    return shop


def talk():
    return Conversation.objects.get(pk=Conversation.objects.order_by("id").last().pk)


# ------------------------------------------------------------------ taps, links, comments


def pressed(**more):
    given = {"title": "Opening hours", "payload": "HOURS", "provider_at": at(), **more}
    return events.PressedButton(sender=NOA, **given)


@pytest.mark.parametrize("name", ["", "mid.tap"])
def test_a_tap_speaks_to_us_and_opens_the_window(quiet, name):
    tap = pressed(external_id=name)
    take(quiet.channel, tap)
    message = the_message()
    assert (message["type"], message["text"], message["direction"]) == (
        "postback", "Opening hours", "inbound",
    )  # fmt: skip
    assert message["postback"] == {"title": "Opening hours", "payload": "HOURS"}
    assert message["external_id"] == (name or None)
    assert the_conversation()["unread_count"] == 1
    assert the_conversation()["window"]["open"] is True
    assert talk().waiting_since is not None
    again(quiet.channel, tap)


def test_two_taps_without_ids_are_two(quiet):
    take(quiet.channel, pressed(), pressed())
    assert len(shown()) == 2


def test_a_referral_is_shown_and_opens_nothing(quiet):
    came = events.Referred(sender=NOA, referral={"ref": "qr-7", "source": "LINK"}, provider_at=at())
    take(quiet.channel, came)
    message = the_message()
    assert (message["type"], message["referral"]["ref"]) == ("referral", "qr-7")
    assert (the_conversation()["unread_count"], the_conversation()["window"]["open"]) == (0, False)
    assert the_conversation()["last_message"]["preview"] == "[referral]"
    again(quiet.channel, came)


def test_a_comment_keeps_the_ids_that_a_reply_needs_and_opens_no_window(quiet):
    root = events.Commented(external_id="18050", author=NOA, text="price?", provider_at=at(),
                            media={"id": "17990", "media_product_type": "FEED"})  # fmt: skip
    below = events.Commented(external_id="18055", author=NOA, text="?", provider_at=at(),
                             parent_external_id="18050", is_live=True)  # fmt: skip
    take(quiet.channel, root, below)
    first, second = shown()
    assert (first["type"], first["text"], first["external_id"]) == ("comment", "price?", "18050")
    assert first["comment"] == {
        "comment_id": "18050", "parent_id": None, "is_live": False, "is_mention": False,
        "media": {"id": "17990", "media_product_type": "FEED"},
    }  # fmt: skip
    assert second["comment"]["parent_id"] == "18050"
    assert second["reply_to_id"] == first["id"]
    assert (the_conversation()["unread_count"], the_conversation()["window"]["open"]) == (2, False)
    again(quiet.channel, root, below)


# ------------------------------------------------------------------ calls


def phases(name="wacid.1"):
    return [
        events.CallNoted(external_id=name, person=NOA, phase="connect", provider_at=at(10),
                         direction="USER_INITIATED", detail={"to": "9722"}),
        events.CallNoted(external_id=name, person=NOA, phase="terminate", provider_at=at(40),
                         duration_s=30, detail={"status": "COMPLETED"}),
    ]  # fmt: skip


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("taking", [take, take_each])
def test_a_call_is_one_entry_whatever_phase_is_told_first(quiet, backwards, taking):
    batch = phases()[::-1] if backwards else phases()
    taking(quiet.channel, *batch)
    message = the_message()
    assert (message["type"], message["direction"], message["status"]) == ("call", "inbound", None)
    call = message["call"]
    assert (call["phase"], call["duration_s"]) == ("terminate", 30)
    assert [p["phase"] for p in call["phases"]] == ["connect", "terminate"]
    assert call["detail"] == {"to": "9722", "status": "COMPLETED"}
    assert the_conversation()["unread_count"] == 1
    assert the_conversation()["window"]["open"] is True
    assert sorted(f["phase"] for f in facts("call.changed")) == ["connect", "terminate"]
    assert len(facts("message.noted")) == 1
    updates = one_message_json(Message.objects.get())["updates"]
    assert sorted(u["phase"] for u in updates) == ["connect", "terminate"]
    again(quiet.channel, *batch)


@pytest.mark.parametrize("backwards", [False, True])
def test_a_call_of_ours_is_outbound_and_no_unread_message(quiet, backwards):
    ringing = events.CallNoted(external_id="wacid.2", person=NOA, phase="RINGING", provider_at=at(),
                               direction="BUSINESS_INITIATED")  # fmt: skip
    refused = events.CallNoted(external_id="wacid.2", person=NOA, phase="REJECTED",
                               direction="BUSINESS_INITIATED", provider_at=at())  # fmt: skip
    take_each(quiet.channel, *([refused, ringing] if backwards else [ringing, refused]))
    assert (the_message()["direction"], the_message()["call"]["phase"]) == ("outbound", "REJECTED")
    assert the_conversation()["unread_count"] == 0
    assert MessageUpdate.objects.filter(kind="status").count() == 0


# ------------------------------------------------------------------ history


def past(text, seconds, **more):
    return wrote(text, is_history=True, provider_at=at(-100_000 + seconds), **more)


def test_history_is_shown_and_wakes_nobody(shop):
    LEA = person("972500000009", name="Lea")
    batch = [past("1", 1, of=LEA), echo("2", to=LEA, is_history=True, provider_at=at(-99_998)),
             past("3", 3, of=LEA)]  # fmt: skip
    take(shop.channel, *batch)
    made = Conversation.objects.exclude(pk=shop.conversation.pk).get()
    assert (made.status, made.active, made.unread, made.unread_count) == ("closed", False, False, 0)
    assert (made.waiting_since, made.window_until, made.last_inbound_at) == (None, None, None)
    assert made.last_message["preview"] == "3"
    assert made.last_activity_at == batch[2].provider_at
    assert [(m["text"], m["is_history"], m["provider_at"] is None) for m in shown()] == [
        ("1", True, False), ("2", True, False), ("3", True, False),
    ]  # fmt: skip
    assert facts("message.received", "message.sent_elsewhere") == []
    (fact,) = facts("conversation.history_added")
    assert (fact["conversation_id"], fact["count"], fact["last_seq"]) == (made.pk, 3, 3)
    again(shop.channel, *batch)


def test_history_of_a_conversation_that_goes_on_leaves_its_summary(shop):
    take(shop.channel, wrote("now"))
    before = Conversation.objects.get()
    chunk = [past("old 2", 2), past("old 1", 1)]
    take(shop.channel, *chunk)
    after = Conversation.objects.get()
    assert [m["text"] for m in shown()] == ["now", "old 1", "old 2"]
    kept = ("status", "unread_count", "waiting_since", "window_until", "last_message",
            "last_activity_at", "last_inbound_at")  # fmt: skip
    assert {n: getattr(after, n) for n in kept} == {n: getattr(before, n) for n in kept}
    assert after.message_count == 3
    again(shop.channel, *chunk)


def test_who_writes_after_the_history_came_goes_on_in_its_conversation(shop):
    LEA = person("972500000009", name="Lea")
    take(shop.channel, past("old", 1, of=LEA))
    take(shop.channel, wrote("new", of=LEA))
    made = Conversation.objects.exclude(pk=shop.conversation.pk).get()
    assert (made.status, made.message_count, made.unread_count) == ("open", 2, 1)


def test_what_came_before_its_history_is_not_stored_again(shop):
    said = wrote("hello")
    take(shop.channel, said)
    take(shop.channel, past("hello", 1, id_=said.external_id))
    assert the_message()["is_history"] is False


# ------------------------------------------------------------------ who answers

BOT, OURS = "263902037430900", settings.META_APP_ID


def control(action, seconds, *, new="", previous=""):
    return events.ThreadControl(action=action, person=NOA, new_app=new, previous_app=previous,
                                provider_at=at(seconds))  # fmt: skip


def test_a_message_that_stands_by_waits_for_nobody_and_names_no_app(quiet):
    take(quiet.channel, wrote("hi bot", is_standby=True))
    shown_talk = the_conversation()
    assert (shown_talk["held_by"], shown_talk["waiting_since"]) == ("another_app", None)
    assert (shown_talk["unread_count"], shown_talk["window"]["open"]) == (1, True)
    take(quiet.channel, wrote("hi human"))
    assert the_conversation()["held_by"] is None
    assert [f["held_by"] for f in facts("conversation.holder_changed")] == ["another_app", ""]


@pytest.mark.parametrize("backwards", [False, True])
def test_the_newest_word_on_the_holder_counts(shop, backwards):
    batch = [control("pass", 1, new=BOT, previous=OURS), control("pass", 2, new=OURS, previous=BOT),
             control("pass", 3, new=BOT, previous=OURS)]  # fmt: skip
    take_each(shop.channel, *(batch[::-1] if backwards else batch))
    assert the_conversation()["held_by"] == BOT
    again(shop.channel, *batch)


@pytest.mark.parametrize(
    "previous, held_by", [(OURS, "another_app"), ("", "another_app"), (BOT, None)]
)
def test_who_takes_a_thread_need_not_say_its_name(shop, previous, held_by):
    take(shop.channel, control("take", 1, previous=previous))
    assert the_conversation()["held_by"] == held_by


def test_a_request_for_a_thread_and_roles_change_nothing(shop):
    before = Conversation.objects.values().get()
    take(shop.channel, control("request", 1, new=BOT), control("roles", 2))
    assert Conversation.objects.values().get() == before


def test_a_thread_that_we_know_nothing_of_is_not_begun_by_who_holds_it(world):
    with factories.inside(world):
        take(factories.channel(), control("pass", 1, new=BOT))
        assert Conversation.objects.count() == 0


def test_an_event_that_names_nobody_is_refused(shop):
    nobody = events.Person(identities=())
    with pytest.raises(ValueError, match="who it is about"):
        take(shop.channel, wrote("x", of=nobody, id_=mid()))
    assert Message.objects.count() == 0


def test_what_the_provider_says_of_a_customer_is_not_their_writing(quiet):
    take(quiet.channel, wrote("Noa changed from A to B", type="system"))
    talk = the_conversation()
    assert (talk["unread_count"], talk["window"]["open"]) == (0, False)
    assert the_message()["type"] == "system"
