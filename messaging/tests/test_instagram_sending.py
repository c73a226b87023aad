"""What goes out to Instagram: to whom, under which tag, by which door; and its echo, before and after the answer."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from conversations.models import Conversation
from crm.models import Contact
from kernel.clock import now
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.engine.guard import Rewrite, rewriting
from messaging.dispatch import deliver
from messaging.errors import InvalidMessageBody, UnsupportedByChannel, WindowClosed
from messaging.models import Delivery, Message, MessageUpdate
from messaging.services.outgoing import Draft
from messaging.services.reading import read_conversation
from messaging.services.send import send_message
from messaging.services.upload import upload_media
from messaging.tests.arriving import shown
from messaging.tests.instagram import (
    DANA,
    ig_echo,
    ig_mid,
    ig_receive,
    ig_text,
    instagram_channel,
    item,
)
from messaging.tests.pictures import picture
from messaging.tests.sending import again, send_now
from tenants.access import acting
from tests import factories
from tests.inbound import work_off


@pytest.fixture
def talk(gram):
    ig_receive(gram.channel, ig_text(gram.channel, DANA, "hello"))
    return Conversation.objects.get()


def queue(talk, text="hi", *, type_="text", reply_to="", **body):
    draft = Draft(type=type_, text=text if type_ == "text" else "", body=body, reply_to_id=reply_to)
    return send_message(conversation_id=talk.pk, draft=draft)


def taken(gram, mid=""):
    mid = mid or ig_mid()
    gram.meta.answer({"recipient_id": DANA, "message_id": mid})
    return mid


def written(talk, **ago):
    """The customer wrote so long ago."""
    Conversation.objects.filter(pk=talk.pk).update(
        window_until=now() - timedelta(**ago) + timedelta(hours=24)
    )


def test_a_text_goes_to_the_customers_id_on_this_account(gram, talk):
    mid = taken(gram)
    queue(talk)
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
    queue(elsewhere)
    send_now()
    assert gram.meta.body()["recipient"] == {"id": "111"}
    queue(factories.conversation(on=instagram_channel(), with_=contact), "to nobody")
    send_now()
    assert len(gram.meta.requests) == 1
    assert Delivery.objects.order_by("-id").first().outcome == "failed"


# ------------------------------------------------------------------ the window


def test_a_person_may_answer_for_seven_days_under_the_tag(gram, talk):
    written(talk, hours=25)
    taken(gram)
    queue(talk, "sorry for the wait")
    send_now()
    body = gram.meta.body()
    assert (body["messaging_type"], body["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")
    assert Delivery.objects.get().outcome == "accepted"


@pytest.mark.parametrize("kind", ["api_key", "member"])
def test_nobody_answers_when_the_time_is_over(gram, talk, kind):
    written(talk, days=7, minutes=1) if kind == "member" else written(talk, hours=25)
    who = replace(factories.principal(gram), kind=kind)
    with acting(who), pytest.raises(WindowClosed):
        queue(talk)
    assert Delivery.objects.count() == 0


def test_what_waited_past_the_seven_days_fails(gram, talk):
    written(talk, days=6)
    queue(talk)
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
    taken(gram)
    message = queue(talk, "12 euros", reply_to=comment.pk)
    send_now()
    assert gram.meta.body() == {
        "recipient": {"comment_id": "18055"}, "message": {"text": "12 euros"}}  # fmt: skip
    assert Delivery.objects.get().outcome == "accepted"
    assert Message.objects.get(pk=message.pk).reply_to_id == comment.pk
    with pytest.raises(WindowClosed):
        queue(talk, "and without a comment")


def test_a_comment_takes_text_and_only_for_seven_days(gram, settings, tmp_path):
    comment = commented(gram)
    talk = Conversation.objects.get()
    with pytest.raises(InvalidMessageBody):
        queue(talk, type_="image", link="https://a.example/x.jpg", reply_to=comment.pk)
    old = now() - timedelta(days=7, minutes=1)
    with rewriting(Rewrite.ERASURE):
        collection(Message).update_one(
            {**owner(), "_id": ObjectId(comment.pk)}, {"$set": {"provider_at": old}}
        )
    with pytest.raises(WindowClosed):
        queue(talk, "late", reply_to=comment.pk)
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
    queue(talk, type_="reaction", message_id=target.pk, emoji="❤️")
    send_now()
    assert gram.meta.body()["payload"] == {"message_id": target.external_id, "reaction": "❤️"}
    assert [r["emoji"] for r in shown()[0]["reactions"]] == ["❤️"]


# ------------------------------------------------------------------ files


def an_upload():
    return upload_media(file=SimpleUploadedFile("a.jpg", picture(), "image/jpeg"))


def test_a_file_is_uploaded_once_and_its_id_used_again(gram, talk):
    gram.meta.answer({"attachment_id": "A1"})
    taken(gram)
    queue(talk, type_="image", media_id=an_upload().pk)
    send_now()
    assert gram.meta.body()["message"]["attachment"]["payload"] == {"attachment_id": "A1"}
    taken(gram)
    queue(talk, type_="image", media_id=an_upload().pk)
    send_now()
    assert len(gram.meta.requests) == 3
    assert gram.meta.body()["message"]["attachment"]["payload"] == {"attachment_id": "A1"}


def test_an_id_that_is_refused_is_not_used_again(gram, talk):
    gram.meta.answer({"attachment_id": "A1"})
    gram.meta.refuse(100, 2018074)
    queue(talk, type_="image", media_id=an_upload().pk)
    send_now()
    gram.meta.answer({"attachment_id": "A2"})
    taken(gram)
    queue(talk, type_="image", media_id=an_upload().pk)
    send_now()
    assert gram.meta.body()["message"]["attachment"]["payload"] == {"attachment_id": "A2"}


def test_a_public_installation_lets_instagram_fetch_the_file(gram, talk, settings):
    settings.PUBLIC_URL = "https://shop.example"
    gram.meta.answer({"attachment_id": "A1"})
    taken(gram)
    queue(talk, type_="image", media_id=an_upload().pk)
    send_now()
    payload = gram.meta.body(0)["message"]["attachment"]["payload"]
    assert payload["url"].startswith("https://shop.example/api/v1/media/content/")
    assert payload["is_reusable"] is True
    assert Delivery.objects.get().outcome == "accepted"


ALBUM = [{"link": f"https://a.example/{n}.jpg"} for n in range(3)]


def test_images_go_one_by_one_where_albums_are_not_enabled(gram, talk):
    gram.meta.refuse(100, 2534068)
    mids = [taken(gram) for _ in ALBUM]
    queue(talk, type_="image", images=ALBUM)
    send_now()
    assert [b["message"].get("attachment", {}).get("payload") for b in map(gram.meta.body, range(4))] == [
        None, *({"url": image["link"]} for image in ALBUM)]  # fmt: skip
    assert Delivery.objects.get().external_id == mids[-1]
    for mid in mids:
        echo = {"mid": mid, "is_echo": True,
                "attachments": [{"type": "image", "payload": {"url": "https://x.fbcdn.net/a"}}]}  # fmt: skip
        ig_receive(gram.channel, item(gram.channel, DANA, ours=True, message=echo))
    assert Message.objects.count() == 2


def test_an_album_that_breaks_off_is_never_begun_again(gram, talk):
    gram.meta.refuse(100, 2534068)
    taken(gram)
    gram.meta.refuse(100, 2018008)
    queue(talk, type_="image", images=ALBUM)
    send_now()
    assert (Delivery.objects.get().outcome, len(gram.meta.requests)) == ("unknown", 3)
    again()
    assert len(gram.meta.requests) == 3


# ------------------------------------------------------------------ echoes


@pytest.mark.parametrize("count", [1, 3])
def test_an_echo_after_the_answer_is_no_message_of_its_own(gram, talk, count):
    mids = [taken(gram) for _ in range(count)]
    for n in range(count):
        queue(talk, f"hi {n}")
    send_now()
    for n, mid in enumerate(mids):
        ig_receive(gram.channel, ig_echo(gram.channel, DANA, f"hi {n}", mid=mid))
    assert [m["text"] for m in shown()] == ["hello", *(f"hi {n}" for n in range(count))]


def test_an_echo_before_the_answer_is_no_message_of_its_own_either(gram, talk, monkeypatch):
    mid = taken(gram)
    real = deliver.client_of

    def echoing(channel):
        client = real(channel)
        send = client.send

        def first_the_echo(body):
            answer = send(body)
            ig_receive(gram.channel, ig_echo(gram.channel, DANA, "hi", mid=mid))
            return answer

        client.send = first_the_echo
        return client

    monkeypatch.setattr(deliver, "client_of", echoing)
    queue(talk)
    send_now()
    work_off("check")
    assert [(m["text"], m["external_id"]) for m in shown()][1:] == [("hi", mid)]
    assert not MessageUpdate.objects.filter(kind=MessageUpdate.ECHO).exists()
    assert Conversation.objects.get().message_count == 2


def test_what_was_written_in_the_app_during_a_send_is_shown(gram, talk, monkeypatch):
    taken(gram)
    queue(talk)
    send_now()
    ig_receive(gram.channel, ig_echo(gram.channel, DANA, "from the phone", mid=ig_mid()))
    assert [m["text"] for m in shown()] == ["hello", "hi", "from the phone"]


def test_a_type_that_instagram_lacks_is_refused_before_anything_is_stored(gram, talk):
    with pytest.raises(UnsupportedByChannel):
        queue(talk, type_="location", latitude=1, longitude=2)
    assert Delivery.objects.count() == 0
