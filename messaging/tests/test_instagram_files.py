"""Files on their way to Instagram, albums, and the echoes of what we sent, before and after the answer."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from conversations.models import Conversation
from messaging.dispatch import deliver
from messaging.models import Delivery, Message, MessageUpdate
from messaging.services.upload import upload_media
from messaging.tests.arriving import shown
from messaging.tests.instagram import (
    DANA,
    ig_echo,
    ig_mid,
    ig_queue,
    ig_receive,
    ig_taken,
    item,
)
from messaging.tests.pictures import picture
from messaging.tests.sending import again, send_now
from tests.inbound import work_off

# ------------------------------------------------------------------ files


def an_upload():
    return upload_media(file=SimpleUploadedFile("a.jpg", picture(), "image/jpeg"))


def test_a_file_is_uploaded_once_and_its_id_used_again(gram, talk):
    gram.meta.answer({"attachment_id": "A1"})
    ig_taken(gram)
    ig_queue(talk, type_="image", media_id=an_upload().pk)
    send_now()
    assert gram.meta.body()["message"]["attachment"]["payload"] == {"attachment_id": "A1"}
    ig_taken(gram)
    ig_queue(talk, type_="image", media_id=an_upload().pk)
    send_now()
    assert len(gram.meta.requests) == 3
    assert gram.meta.body()["message"]["attachment"]["payload"] == {"attachment_id": "A1"}


def test_an_id_that_is_refused_is_not_used_again(gram, talk):
    gram.meta.answer({"attachment_id": "A1"})
    gram.meta.refuse(100, 2018074)
    ig_queue(talk, type_="image", media_id=an_upload().pk)
    send_now()
    gram.meta.answer({"attachment_id": "A2"})
    ig_taken(gram)
    ig_queue(talk, type_="image", media_id=an_upload().pk)
    send_now()
    assert gram.meta.body()["message"]["attachment"]["payload"] == {"attachment_id": "A2"}


def test_a_public_installation_lets_instagram_fetch_the_file(gram, talk, settings):
    settings.PUBLIC_URL = "https://shop.example"
    gram.meta.answer({"attachment_id": "A1"})
    ig_taken(gram)
    ig_queue(talk, type_="image", media_id=an_upload().pk)
    send_now()
    payload = gram.meta.body(0)["message"]["attachment"]["payload"]
    assert payload["url"].startswith("https://shop.example/api/v1/media/content/")
    assert payload["is_reusable"] is True
    assert Delivery.objects.get().outcome == "accepted"


ALBUM = [{"link": f"https://a.example/{n}.jpg"} for n in range(3)]


def test_images_go_one_by_one_where_albums_are_not_enabled(gram, talk):
    gram.meta.refuse(100, 2534068)
    mids = [ig_taken(gram) for _ in ALBUM]
    ig_queue(talk, type_="image", images=ALBUM)
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
    ig_taken(gram)
    gram.meta.refuse(100, 2018008)
    ig_queue(talk, type_="image", images=ALBUM)
    send_now()
    assert (Delivery.objects.get().outcome, len(gram.meta.requests)) == ("unknown", 3)
    again()
    assert len(gram.meta.requests) == 3


# ------------------------------------------------------------------ echoes


@pytest.mark.parametrize("count", [1, 3])
def test_an_echo_after_the_answer_is_no_message_of_its_own(gram, talk, count):
    mids = [ig_taken(gram) for _ in range(count)]
    for n in range(count):
        ig_queue(talk, f"hi {n}")
    send_now()
    for n, mid in enumerate(mids):
        ig_receive(gram.channel, ig_echo(gram.channel, DANA, f"hi {n}", mid=mid))
    assert [m["text"] for m in shown()] == ["hello", *(f"hi {n}" for n in range(count))]


def test_an_echo_before_the_answer_is_no_message_of_its_own_either(gram, talk, monkeypatch):
    mid = ig_taken(gram)
    real = deliver.opened

    def echoing(channel):
        client = real(channel)
        send = client.send

        def first_the_echo(body):
            answer = send(body)
            ig_receive(gram.channel, ig_echo(gram.channel, DANA, "hi", mid=mid))
            return answer

        client.send = first_the_echo
        return client

    monkeypatch.setattr(deliver, "opened", echoing)
    ig_queue(talk)
    send_now()
    work_off("check")
    assert [(m["text"], m["external_id"]) for m in shown()][1:] == [("hi", mid)]
    assert not MessageUpdate.objects.filter(kind=MessageUpdate.ECHO).exists()
    assert Conversation.objects.get().message_count == 2


def test_what_was_written_in_the_app_during_a_send_is_shown(gram, talk, monkeypatch):
    ig_taken(gram)
    ig_queue(talk)
    send_now()
    ig_receive(gram.channel, ig_echo(gram.channel, DANA, "from the phone", mid=ig_mid()))
    assert [m["text"] for m in shown()] == ["hello", "hi", "from the phone"]
