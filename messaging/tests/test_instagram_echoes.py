"""Instagram's echoes name no app: a send whose end we never heard is known by its words and the time of its call."""

import time

import pytest

from messaging.models import Delivery, MessageUpdate
from messaging.tests.arriving import shown
from messaging.tests.instagram import DANA, ig_echo, ig_mid, ig_queue, ig_receive
from messaging.tests.sending import again, send_now


def unheard(gram, talk, text="hi"):
    """A send that Instagram took and of which it named no id."""
    gram.meta.answer({"recipient_id": DANA})
    message = ig_queue(talk, text)
    send_now()
    return message


def told(gram, text="hi", *, later=0.0):
    """The echo, written so many seconds from now by Instagram's clock."""
    mid = ig_mid()
    echo = ig_echo(gram.channel, DANA, text, mid=mid)
    ig_receive(gram.channel, echo | {"timestamp": int((time.time() + later) * 1000)})
    return mid


def test_the_echo_of_a_send_without_an_answer_is_that_send(gram, talk):
    message = unheard(gram, talk)
    mid = told(gram)
    last = shown()[-1]
    assert (last["id"], last["status"], last["external_id"]) == (message.pk, "accepted", mid)
    assert Delivery.objects.get().outcome == "accepted"
    assert len(shown()) == 2
    again()
    assert len(gram.meta.requests) == 1


@pytest.mark.parametrize("text", ["hi", "hello there"])
@pytest.mark.parametrize("later", [-60.0, 60.0])
def test_what_was_written_at_another_time_is_not_hidden(gram, talk, text, later):
    unheard(gram, talk)
    told(gram, text, later=later)
    assert [m["text"] for m in shown()] == ["hello", "hi", text]
    assert shown()[-1]["sender"]["kind"] == "elsewhere"
    assert Delivery.objects.get().outcome == "unknown"


def test_other_words_at_that_time_are_shown(gram, talk):
    unheard(gram, talk)
    told(gram, "by hand")
    assert [m["text"] for m in shown()] == ["hello", "hi", "by hand"]
    assert Delivery.objects.get().outcome == "unknown"


def test_of_two_that_say_the_same_at_that_time_none_is_proved(gram, talk):
    unheard(gram, talk)
    unheard(gram, talk)
    told(gram)
    assert [m["text"] for m in shown()] == ["hello", "hi", "hi", "hi"]
    assert set(Delivery.objects.values_list("outcome", flat=True)) == {"unknown"}


def test_an_echo_that_is_told_twice_proves_once(gram, talk):
    unheard(gram, talk)
    mid = told(gram)
    ig_receive(gram.channel, ig_echo(gram.channel, DANA, "hi", mid=mid))
    assert len(shown()) == 2
    assert not MessageUpdate.objects.filter(kind=MessageUpdate.ECHO).exists()
