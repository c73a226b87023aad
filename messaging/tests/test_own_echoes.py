"""What the business wrote here is shown once, whenever its echo comes; what is not certain is not hidden."""

import threading
from contextvars import copy_context

import pytest
from django.conf import settings

from conversations.models import Conversation
from kernel.clock import iso, now
from kernel.models import Lane
from messaging.dispatch import together
from messaging.models import Delivery, DeliveryCheck, Message, MessageUpdate
from messaging.tests.arriving import (
    again,
    echo,
    edited,
    person,
    revoked,
    shown,
    take,
    the_message,
)
from messaging.tests.sending import queue, queue_on, send_now, several, state
from tests import factories
from tests.inbound import work_off

OURS = settings.META_APP_ID


def look_now():
    DeliveryCheck.objects.update(due_at=now())
    Lane.objects.filter(kind="check").update(due_at=now())
    work_off("check")


def outbound(shop, text):
    seq = Conversation.objects.get(pk=shop.conversation.pk).message_count + 1
    Conversation.objects.filter(pk=shop.conversation.pk).update(message_count=seq)
    return factories.outbound(shop.conversation, text=text, seq=seq)


def in_flight(shop, text="hello"):
    """A send whose call is under way: its attempt is recorded and has no end."""
    message, delivery = outbound(shop, text)
    tries = [{"n": 1, "at": iso(now()), "fence": 1}]
    Delivery.objects.filter(pk=delivery.pk).update(state="leased", fence=1, tries=tries)
    return message, Delivery.objects.get(pk=delivery.pk)


def texts():
    return [message["text"] for message in shown()]


def test_the_echo_of_a_send_that_is_recorded_is_not_shown_again(live):
    message = queue(live, "hello")
    send_now()
    said = echo("hello", id_=Delivery.objects.get().external_id)
    take(live.channel, said)
    assert [m["id"] for m in shown()] == [message.pk]
    again(live.channel, said)


def test_the_echo_of_a_batch_that_comes_before_its_record_is_not_shown_again(live, monkeypatch):
    messages = queue_on(several(live, 3), "hello")
    real = together.settle_accepted

    def overtaken(taken):
        for send, answer in taken:
            to = person(send.recipient[0].value)
            take(live.channel, echo("hello", to=to, id_=answer.external_id))
            take(live.channel, echo("by hand", to=to))
        assert Message.objects.count() == 3
        real(taken)

    monkeypatch.setattr(together, "settle_accepted", overtaken)
    send_now()
    assert {state(m).status for m in messages} == {"accepted"}
    look_now()
    assert sorted(texts()) == ["by hand"] * 3 + ["hello"] * 3
    assert not MessageUpdate.objects.filter(kind="echo").exists()
    assert not Delivery.objects.filter(has_echo=True).exists()


def test_the_echo_of_a_lone_send_that_comes_before_its_record_is_not_shown_again(live, monkeypatch):
    from messaging.dispatch import deliver

    real, said = deliver.opened, []

    def overtaking(channel):
        client = real(channel)
        send = client.send

        def sending(body):
            answer = send(body)
            said.append(echo("hello", id_=answer.external_id))
            take(live.channel, *said)
            return answer

        client.send = sending
        return client

    monkeypatch.setattr(deliver, "opened", overtaking)
    message = queue(live, "hello")
    send_now()
    look_now()
    assert (len(said), [m["id"] for m in shown()]) == (1, [message.pk])
    assert the_message()["status"] == "accepted"
    again(live.channel, *said)


def test_what_waits_is_changed_by_what_follows_it(shop):
    _, delivery = in_flight(shop)
    by_hand, taken_back = echo("by hand"), echo("a mistake")
    take(shop.channel, by_hand, taken_back)
    take(shop.channel, edited(by_hand.external_id, "by my hand"), revoked(taken_back.external_id))
    assert texts() == ["hello"]
    end(delivery)
    assert texts() == ["hello", "by my hand", ""]
    assert shown()[2]["revoked_at"] is not None


def end(delivery, **fields):
    """The attempt's end as a worker records it that found it dead."""
    from messaging.dispatch import settle

    outcome = settle.died_in_the_middle(Delivery.objects.get(pk=delivery.pk))
    outcome.apply()
    look_now()


def test_an_echo_waits_for_the_end_of_a_send_and_then_is_shown_once(shop):
    _, delivery = in_flight(shop)
    said = echo("hello")
    take(shop.channel, said)
    take(shop.channel, said)
    assert texts() == ["hello"]
    assert MessageUpdate.objects.filter(kind="echo").count() == 1
    end(delivery)
    # It is not certain that it is ours: both are shown, one of them as not known to have left.
    assert [(m["text"], m["status"]) for m in shown()] == [("hello", "unknown"), ("hello", "sent")]
    again(shop.channel, said)


@pytest.mark.parametrize("first", ["the echo", "the end"])
def test_an_echo_of_our_own_app_proves_the_only_send_that_says_the_same(shop, first):
    message, delivery = in_flight(shop)
    said = echo("hello", app_id=OURS)
    if first == "the echo":
        take(shop.channel, said)
    end(delivery)
    if first == "the end":
        assert the_message()["status"] == "unknown"
        take(shop.channel, said)
    shown_once = the_message()
    assert (shown_once["id"], shown_once["status"]) == (message.pk, "accepted")
    assert shown_once["external_id"] == said.external_id
    proved = Delivery.objects.get()
    assert (proved.outcome, proved.external_id) == ("accepted", said.external_id)
    again(shop.channel, said)


@pytest.mark.parametrize("why", ["another text", "another app", "two alike", "no app named"])
def test_an_echo_that_proves_nothing_is_a_message_of_its_own(shop, why):
    _, delivery = in_flight(shop)
    end(delivery)
    if why == "two alike":
        end(in_flight(shop)[1])
    app = {"another app": "263902037430900", "no app named": ""}.get(why, OURS)
    take(shop.channel, echo("other" if why == "another text" else "hello", app_id=app))
    assert set(Delivery.objects.values_list("outcome", flat=True)) == {"unknown"}
    assert shown()[-1]["sender"]["kind"] == "elsewhere"


def test_another_apps_echo_waits_for_nothing(shop):
    in_flight(shop)
    take(shop.channel, echo("by a bot", app_id="263902037430900"))
    assert texts() == ["hello", "by a bot"]


def test_a_send_to_somebody_else_holds_up_no_echo(shop):
    in_flight(shop)
    take(shop.channel, echo("to Lea", to=person("972500000009")))
    assert sorted(texts()) == ["hello", "to Lea"]


def test_a_send_that_has_not_begun_is_not_what_an_echo_is_of(shop):
    outbound(shop, "hello")
    take(shop.channel, echo("hello", app_id=OURS))
    assert texts() == ["hello", "hello"]
    assert Delivery.objects.get().outcome == "queued"


@pytest.mark.parametrize("first", ["the echo", "the send"])
def test_an_echo_and_the_end_of_its_send_in_the_same_moment_cannot_miss_each_other(
    live, monkeypatch, first
):
    """Each has read the other's rows as they were before, and the one that commits later starts again."""
    from messaging.dispatch import accepting
    from messaging.ingest import echoes

    sends, runs = [], []
    real_settle, real_open, real_adopted = (
        together.settle_accepted, echoes._open_sends, accepting._adopted,
    )  # fmt: skip

    def side_by_side(work):
        """Run in a thread of its own, and wait for it a little: it may have to wait for us."""
        thread = threading.Thread(target=copy_context().run, args=(work,))
        thread.start()
        thread.join(3)
        runs.append(thread)

    def take_echo():
        _, answer = sends[0]
        take(live.channel, echo("hello", id_=answer.external_id))

    def settling(taken):
        sends.extend(taken)
        if first == "the send":
            return real_settle(taken)
        take_echo()
        return runs or real_settle(taken)

    def opened(fresh):
        found = real_open(fresh)
        if first == "the echo" and not runs:
            side_by_side(lambda: real_settle(sends))
        return found

    def adopted(taken):
        found = real_adopted(taken)
        if first == "the send" and not runs:
            side_by_side(take_echo)
        return found

    monkeypatch.setattr(together, "settle_accepted", settling)
    monkeypatch.setattr(echoes, "_open_sends", opened)
    monkeypatch.setattr(accepting, "_adopted", adopted)
    message = queue(live, "hello")
    send_now()
    for thread in runs:
        thread.join(20)
    look_now()
    assert len(runs) == 1
    assert [m["id"] for m in shown()] == [message.pk]
    assert the_message()["status"] == "accepted"
    assert not MessageUpdate.objects.filter(kind="echo").exists()
