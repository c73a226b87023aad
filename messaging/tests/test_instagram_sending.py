"""What goes out to Instagram: to whom, under which tag, by which door; and its echo, before and after the answer."""

from dataclasses import replace
from datetime import timedelta

import pytest

from conversations.models import Conversation
from crm.models import Contact
from kernel.clock import now
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.engine.guard import Rewrite, rewriting
from messaging.errors import InvalidMessageBody, UnsupportedByChannel, WindowClosed
from messaging.models import Delivery, Message
from messaging.services.reading import read_conversation
from messaging.tests.arriving import shown
from messaging.tests.instagram import (
    DANA,
    ig_mid,
    ig_queue,
    ig_receive,
    ig_taken,
    instagram_channel,
)
from messaging.tests.sending import send_now
from tenants.access import acting
from tests import factories
from tests.inbound import work_off


def written(talk, **ago):
    """The customer wrote so long ago."""
    Conversation.objects.filter(pk=talk.pk).update(
        window_until=now() - timedelta(**ago) + timedelta(hours=24)
    )


def test_a_text_goes_to_the_customers_id_on_this_account(gram, talk):
    mid = ig_taken(gram)
    ig_queue(talk)
    send_now()
    assert gram.meta.asked == [("POST", f"/v25.0/{gram.channel.external['ig_id']}/messages")]
    assert gram.meta.body() == {"recipient": {"id": DANA}, "messaging_type": "RESPONSE",
                                "message": {"text": "hi"}}  # fmt: skip
    delivery = Delivery.objects.get()
    assert (delivery.outcome, delivery.external_id) == ("accepted", mid)


def test_an_id_of_another_account_is_never_written_to(gram, talk):
    other = instagram_channel()
    contact = Contact.objects.get(pk=talk.contact_id)
    factories.identity(contact, kind="igsid", value="111", scope=other.external["ig_id"])
    elsewhere = factories.conversation(on=other, with_=contact)
    gram.meta.answer({"recipient_id": "111", "message_id": ig_mid()})
    ig_queue(elsewhere)
    send_now()
    assert gram.meta.body()["recipient"] == {"id": "111"}
    ig_queue(factories.conversation(on=instagram_channel(), with_=contact), "to nobody")
    send_now()
    assert len(gram.meta.requests) == 1
    assert Delivery.objects.order_by("-id").first().outcome == "failed"


# ------------------------------------------------------------------ the window


def test_a_person_may_answer_for_seven_days_under_the_tag(gram, talk):
    written(talk, hours=25)
    ig_taken(gram)
    ig_queue(talk, "sorry for the wait")
    send_now()
    body = gram.meta.body()
    assert (body["messaging_type"], body["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")
    assert Delivery.objects.get().outcome == "accepted"


@pytest.mark.parametrize("kind", ["api_key", "member"])
def test_nobody_answers_when_the_time_is_over(gram, talk, kind):
    written(talk, days=7, minutes=1) if kind == "member" else written(talk, hours=25)
    who = replace(factories.principal(gram), kind=kind)
    with acting(who), pytest.raises(WindowClosed):
        ig_queue(talk)
    assert Delivery.objects.count() == 0


def test_what_waited_past_the_seven_days_fails(gram, talk):
    written(talk, days=6)
    ig_queue(talk)
    written(talk, days=7, minutes=1)
    send_now()
    (message,) = [m for m in shown() if m["direction"] == "outbound"]
    assert (message["status"], message["error"]["advice"]) == (
        "failed", "Wait until the customer writes.")  # fmt: skip
    assert gram.meta.asked == []


# ------------------------------------------------------------------ comments


def commented(gram, **more):
    value = {"id": "18055", "text": "price?", "from": {"id": DANA}, **more}
    ig_receive(gram.channel, changes=[{"field": "comments", "value": value}])
    return Message.objects.get(type="comment")


def test_a_comment_is_answered_privately_by_its_id_without_a_window(gram):
    comment = commented(gram)
    talk = Conversation.objects.get()
    assert talk.window_until is None
    ig_taken(gram)
    message = ig_queue(talk, "12 euros", reply_to=comment.pk)
    send_now()
    assert gram.meta.body() == {
        "recipient": {"comment_id": "18055"}, "message": {"text": "12 euros"}}  # fmt: skip
    assert Delivery.objects.get().outcome == "accepted"
    assert Message.objects.get(pk=message.pk).reply_to_id == comment.pk
    with pytest.raises(WindowClosed):
        ig_queue(talk, "and without a comment")


def test_a_comment_takes_text_and_only_for_seven_days(gram, settings, tmp_path):
    comment = commented(gram)
    talk = Conversation.objects.get()
    with pytest.raises(InvalidMessageBody):
        ig_queue(talk, type_="image", link="https://a.example/x.jpg", reply_to=comment.pk)
    old = now() - timedelta(days=7, minutes=1)
    with rewriting(Rewrite.ERASURE):
        collection(Message).update_one(
            {**owner(), "_id": ObjectId(comment.pk)}, {"$set": {"provider_at": old}}
        )
    with pytest.raises(WindowClosed):
        ig_queue(talk, "late", reply_to=comment.pk)
    assert Delivery.objects.count() == 0


# ------------------------------------------------------------------ reading and reacting


def test_reading_and_typing_are_shown_to_the_person(gram, talk):
    for _ in range(2):
        gram.meta.answer({"recipient_id": DANA})
    read_conversation(talk.pk, typing=True)
    work_off("receipt")
    bodies = [gram.meta.body(n) for n in range(2)]
    assert bodies == [{"recipient": {"id": DANA}, "sender_action": action}
                      for action in ("mark_seen", "typing_on")]  # fmt: skip


def test_a_comment_alone_has_nothing_to_be_seen(gram):
    commented(gram)
    read_conversation(Conversation.objects.get().pk)
    work_off("receipt")
    assert gram.meta.asked == []


def test_a_reaction_is_put_and_shown(gram, talk):
    gram.meta.answer({"recipient_id": DANA})
    target = Message.objects.get()
    ig_queue(talk, type_="reaction", message_id=target.pk, emoji="❤️")
    send_now()
    assert gram.meta.body()["payload"] == {"message_id": target.external_id, "reaction": "❤️"}
    assert [r["emoji"] for r in shown()[0]["reactions"]] == ["❤️"]


def test_a_type_that_instagram_lacks_is_refused_before_anything_is_stored(gram, talk):
    with pytest.raises(UnsupportedByChannel):
        ig_queue(talk, type_="location", latitude=1, longitude=2)
    assert Delivery.objects.count() == 0
