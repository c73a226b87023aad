"""Comments: answered under them or in private, hidden, shown again, deleted; always at the provider first."""

from datetime import timedelta

import pytest

from channels.errors import ProviderRefused, ProviderUnavailable
from conversations.models import Conversation
from kernel.clock import now
from kernel.models import AuditEntry, DomainEvent
from messaging.errors import (
    CommentNotAnswerable,
    MessageNotFound,
    NotAComment,
    UnsupportedByChannel,
)
from messaging.models import Delivery, Message, MessageUpdate
from messaging.services.drafts import Draft
from messaging.services.moderation import delete_comment, hide_comment
from messaging.services.send import send_message
from messaging.tests.arriving import shown
from messaging.tests.instagram import DANA, ig_queue, ig_receive, ig_taken, ig_text
from messaging.tests.sending import send_now
from tests import factories


def commented(gram, *, field="comments", **more):
    value = {
        "id": "18055",
        "text": "price?",
        "from": {"id": DANA},
        "media": {"id": "17990"},
        **more,
    }
    ig_receive(gram.channel, changes=[{"field": field, "value": value}])
    return Message.objects.get(external_id=value["id"])


def answer(comment, text="12 euros"):
    draft = Draft(type="comment", text=text, reply_to_id=comment.pk)
    return send_message(conversation_id=Conversation.objects.get().pk, draft=draft)


def test_a_public_answer_stands_under_its_comment_whatever_the_window_says(gram):
    comment = commented(gram)
    assert Conversation.objects.get().window_until is None
    message = answer(comment)
    gram.meta.answer({"id": "18060"})
    send_now()
    assert gram.meta.asked == [("POST", "/v25.0/18055/replies")]
    assert gram.meta.body() == {"message": "12 euros"}
    said = shown()[-1]
    assert (said["id"], said["type"], said["status"]) == (message.pk, "comment", "accepted")
    assert (said["external_id"], said["reply_to_id"]) == ("18060", comment.pk)
    assert said["comment"]["parent_id"] == "18055"
    assert said["comment"]["media"] == {"id": "17990"}
    assert Conversation.objects.get().waiting_since is None


def test_an_answer_to_an_answer_goes_under_the_comment_above_both(gram):
    commented(gram)
    child = commented(gram, id="18056", parent_id="18055")
    answer(child)
    gram.meta.answer({"id": "18060"})
    send_now()
    assert gram.meta.asked == [("POST", "/v25.0/18055/replies")]


def test_an_answer_whose_end_is_unknown_is_not_written_again(gram):
    answer(commented(gram))
    gram.meta.answer({})
    send_now()
    assert Delivery.objects.get().outcome == "unknown"
    assert len(gram.meta.requests) == 1


@pytest.mark.parametrize("why", ["live", "mention", "hidden", "deleted"])
def test_what_instagram_lets_nobody_answer_in_public_is_refused_before(gram, why):
    comment = commented(gram, field="live_comments" if why == "live" else "comments")
    if why == "mention":
        comment = mentioned(gram)
    for _ in range(2):
        gram.meta.answer({"success": True})
    if why == "hidden":
        hide_comment(message_id=comment.pk, is_hidden=True)
    if why == "deleted":
        delete_comment(message_id=comment.pk)
    with pytest.raises(CommentNotAnswerable):
        answer(comment)
    assert Delivery.objects.count() == 0


def mentioned(gram):
    value = {"comment_id": "18099", "media_id": "17991", "text": "look @shop", "from": {"id": DANA}}
    ig_receive(gram.channel, changes=[{"field": "mentions", "value": value}])
    return Message.objects.get(external_id="18099")


def test_only_a_comment_is_answered_by_a_comment(gram, talk):
    with pytest.raises(NotAComment):
        answer(Message.objects.get())
    assert Delivery.objects.count() == 0


def test_whatsapp_has_no_comments(shop):
    message = factories.message(shop.conversation, seq=1)
    with pytest.raises(UnsupportedByChannel):
        answer(message)


def test_a_private_answer_is_tried_for_as_long_as_the_comment_may_be_answered(gram, talk):
    comment = commented(gram)
    Conversation.objects.update(window_until=now() - timedelta(hours=1))
    ig_queue(Conversation.objects.get(), "12 euros", reply_to=comment.pk)
    ig_taken(gram)
    send_now()
    assert Delivery.objects.get().outcome == "accepted"


# ------------------------------------------------------------------ moderation


def test_a_comment_is_hidden_and_shown_again(gram):
    comment = commented(gram)
    for is_hidden in (True, False):
        gram.meta.answer({"success": True})
        hide_comment(message_id=comment.pk, is_hidden=is_hidden)
        assert shown()[0]["comment"]["is_hidden"] is is_hidden
        assert gram.meta.body() == {"hide": is_hidden}
    assert gram.meta.asked == [("POST", "/v25.0/18055")] * 2
    told = DomainEvent.objects.filter(type="comment.moderated").order_by("id")
    assert [event.data["what"] for event in told] == ["hidden", "shown"]
    done = AuditEntry.objects.filter(target_id=comment.pk).order_by("id")
    assert [entry.action for entry in done] == ["comment.hidden", "comment.shown"]


def test_hiding_twice_is_recorded_once(gram):
    comment = commented(gram)
    for _ in range(2):
        gram.meta.answer({"success": True})
        hide_comment(message_id=comment.pk, is_hidden=True)
    assert MessageUpdate.objects.filter(kind=MessageUpdate.MODERATED).count() == 1
    assert len(gram.meta.requests) == 2


def test_a_deleted_comment_stays_marked_and_is_not_asked_for_again(gram):
    comment = commented(gram)
    gram.meta.answer({"success": True})
    delete_comment(message_id=comment.pk)
    delete_comment(message_id=comment.pk)
    hide_comment(message_id=comment.pk, is_hidden=True)
    assert gram.meta.asked == [("DELETE", "/v25.0/18055")]
    (kept,) = shown()
    assert (kept["text"], kept["comment"]["is_deleted"]) == ("price?", True)


def test_an_answer_of_ours_can_be_deleted_once_it_is_there(gram):
    message = answer(commented(gram))
    with pytest.raises(MessageNotFound):
        delete_comment(message_id=message.pk)
    gram.meta.answer({"id": "18060"})
    send_now()
    gram.meta.answer({"success": True})
    delete_comment(message_id=message.pk)
    assert gram.meta.asked[-1] == ("DELETE", "/v25.0/18060")


@pytest.mark.parametrize(("code", "refusal"), [(10, ProviderRefused), (2, ProviderUnavailable)])
def test_what_the_provider_does_not_do_is_not_recorded(gram, code, refusal):
    comment = commented(gram)
    gram.meta.refuse(code)
    with pytest.raises(refusal):
        hide_comment(message_id=comment.pk, is_hidden=True)
    assert not MessageUpdate.objects.filter(kind=MessageUpdate.MODERATED).exists()


def test_only_comments_are_moderated(gram, talk):
    ig_receive(gram.channel, ig_text(gram.channel, DANA, "again"))
    with pytest.raises(NotAComment):
        hide_comment(message_id=Message.objects.first().pk, is_hidden=True)
    assert gram.meta.asked == []
