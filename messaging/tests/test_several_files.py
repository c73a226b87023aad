"""Messages with several uploaded files: cards side by side, cards of a template, albums."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from kernel.mongo.ids import new_id
from messaging.errors import InvalidMessageBody, MediaNotFound
from messaging.models import Attachment, Delivery, Message
from messaging.services.drafts import Draft
from messaging.services.send import send_message
from messaging.services.upload import upload_media
from messaging.tests.arriving import shown
from messaging.tests.instagram import ig_queue, ig_taken
from messaging.tests.pictures import picture
from messaging.tests.sending import again, send_now
from tests import factories


def an_upload(width=64):
    file = SimpleUploadedFile("a.jpg", picture(width), "image/jpeg")
    return upload_media(file=file).pk


def cards(*files):
    return [
        {
            "header": {"image": file},
            "body": f"Card {n}",
            "button": "See",
            "url": f"https://a.example/{n}",
        }
        for n, file in enumerate(files)
    ]


def send(shop, type_, body):
    return send_message(conversation_id=shop.conversation.pk, draft=Draft(type=type_, body=body))


def test_cards_with_uploaded_files_are_taken_by_whatsapp(live):
    red, blue = an_upload(64), an_upload(96)
    files = (
        {"media_id": red},
        {"link": "https://a.example/x.jpg"},
        {"media_id": blue},
        {"media_id": red},
    )
    body = {"type": "carousel", "body": "New", "cards": cards(*files)}
    message = send(live, "interactive", body)
    send_now()
    assert Delivery.objects.get().outcome == "accepted"
    (call,) = live.simulator.sends(live.channel)
    sent = [card["header"]["image"] for card in call["body"]["interactive"]["action"]["cards"]]
    known = list(Attachment.objects.filter(message_id=message.pk).order_by("id"))
    ids = [file.provider_id for file in known]
    assert sent == [
        {"id": ids[0]},
        {"link": "https://a.example/x.jpg"},
        {"id": ids[1]},
        {"id": ids[0]},
    ]
    assert len(set(ids)) == 2
    assert [file["state"] for file in shown()[-1]["attachments"]] == ["stored", "stored"]


def test_cards_of_a_template_take_uploaded_files(live):
    card = {"components": [
        {"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Look"}]}  # fmt: skip
    parts = [{"type": "BODY", "text": "Spring"}, {"type": "CAROUSEL", "cards": [card, card]}]
    live.simulator.do("templates", name="spring", waba_id=live.channel.external["waba_id"],
                      components=parts, category="MARKETING")  # fmt: skip
    factories.template(live.channel, name="spring", components=parts)
    given = [{"header": {"image": {"media_id": an_upload(width)}}} for width in (64, 96)]
    send(live, "template", {"name": "spring", "language": "en_US", "cards": given})
    send_now()
    delivery = Delivery.objects.get()
    assert delivery.outcome == "accepted", delivery.tries


def test_an_album_is_uploaded_and_sent_as_one_message(gram, talk):
    for answer in ("A1", "A2"):
        gram.meta.answer({"attachment_id": answer})
    ig_taken(gram)
    ig_queue(
        talk,
        type_="image",
        images=[{"media_id": an_upload(64)}, {"media_id": an_upload(96)}],
    )
    send_now()
    sent = gram.meta.body()["message"]["attachments"]
    assert [one["payload"] for one in sent] == [{"attachment_id": "A1"}, {"attachment_id": "A2"}]
    assert Delivery.objects.get().outcome == "accepted"


def test_what_was_uploaded_before_a_failure_is_not_uploaded_again(gram, talk):
    gram.meta.answer({"attachment_id": "A1"})
    gram.meta.refuse(2, status=500)
    ig_queue(
        talk,
        type_="image",
        images=[{"media_id": an_upload(64)}, {"media_id": an_upload(96)}],
    )
    send_now()
    gram.meta.answer({"attachment_id": "A2"})
    ig_taken(gram)
    again()
    assert len(gram.meta.requests) == 4
    assert Delivery.objects.get().outcome == "accepted"


@pytest.mark.parametrize("why", ["unknown", "a document", "both"])
def test_a_file_that_cannot_stand_in_a_card_is_refused_before_anything_is_stored(live, why):
    other = upload_media(
        file=SimpleUploadedFile("a.pdf", b"%PDF-1.4\n" + b"0" * 64, "application/pdf")
    )
    bad = {"unknown": {"media_id": new_id()}, "a document": {"media_id": other.pk},
           "both": {"media_id": an_upload(), "link": "https://a.example/x.jpg"}}[why]  # fmt: skip
    body = {"type": "carousel", "body": "New", "cards": cards(bad, bad)}
    with pytest.raises(MediaNotFound if why == "unknown" else InvalidMessageBody):
        send(live, "interactive", body)
    assert not Message.objects.exists()
