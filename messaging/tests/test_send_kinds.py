"""Every kind of message: stored in the API's form, refused by its channel's rules, sent as Meta takes it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from conversations.models import Conversation
from messaging.errors import (
    InvalidMessageBody,
    MediaNotFound,
    MediaNotReady,
    UnsupportedByChannel,
)
from messaging.models import Attachment, Delivery, Message
from messaging.services.drafts import Draft
from messaging.services.send import send_message
from messaging.services.upload import upload_media
from messaging.tests.sending import send_now, state
from tests import factories

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
PDF = b"%PDF-1.4\n" + b"\0" * 64
PLACE = {"latitude": 38.7139, "longitude": -9.1394, "name": "Shop", "address": "Rua Augusta 1"}
CARD = {"name": {"formatted_name": "Rui Costa", "first_name": "Rui"}, "phones": [{"phone": "+351"}]}
BUTTONS = {"type": "buttons", "body": "Today?", "buttons": [{"id": "y", "title": "Yes"}]}
CHOICES = {
    "type": "list", "body": "When?", "button": "Choose",
    "sections": [{"title": "Mon", "rows": [{"id": "r", "title": "9:00"}]}],
}  # fmt: skip
LINK = {"type": "cta_url", "body": "Track it", "button": "Open", "url": "https://example.com/1"}
WHERE = {"type": "location_request", "body": "Where are you?"}


def send(shop, type_, body, **more):
    draft = Draft(type=type_, body=body, **more)
    return send_message(conversation_id=shop.conversation.pk, draft=draft)


def upload(data, name, mime_type):
    return upload_media(file=SimpleUploadedFile(name, data, content_type=mime_type))


def refused(error, shop, type_, body):
    before = Message.objects.count(), Delivery.objects.count()
    with pytest.raises(error) as caught:
        send(shop, type_, body)
    assert (Message.objects.count(), Delivery.objects.count()) == before
    return caught.value


@pytest.mark.parametrize(
    ("type_", "body", "text"),
    [
        ("location", PLACE, "Shop, Rua Augusta 1"),
        ("location", {"latitude": 1.5, "longitude": 2}, ""),
        ("contacts", {"contacts": [CARD, CARD]}, "Rui Costa, Rui Costa"),
        ("interactive", BUTTONS, "Today?"),
        ("interactive", {"type": "product", "catalog_id": "5", "product_retailer_id": "S"}, ""),
    ],
)
def test_the_conversation_shows_the_words_of_each_kind(shop, type_, body, text):
    message = send(shop, type_, body)
    assert (message.text, message.content) == (text, body)
    assert Conversation.objects.get().last_message["preview"] == (text or f"[{type_}]")


def test_a_refusal_names_the_field_as_the_caller_wrote_it_and_the_limit(shop):
    many = {**BUTTONS, "buttons": [{"id": str(n), "title": str(n)} for n in range(4)]}
    error = refused(InvalidMessageBody, shop, "interactive", many)
    assert (error.errors[0]["field"], error.data["limit"]) == ("interactive.buttons", 3)
    long = {**BUTTONS, "buttons": [{"id": "y", "title": "x" * 21}]}
    error = refused(InvalidMessageBody, shop, "interactive", long)
    assert (error.errors[0]["field"], error.data["limit"]) == ("interactive.buttons.0.title", 20)


def test_what_the_channel_has_not_is_refused_before_anything_is_stored(shop):
    refused(UnsupportedByChannel, shop, "share", {"media_id": "17900000000000001"})
    for kind in ("quick_replies", "generic"):
        refused(UnsupportedByChannel, shop, "interactive", {"type": kind, "body": "x"})


def test_the_file_of_a_header_is_an_upload_like_others(shop):
    document = upload(PDF, "terms.pdf", "application/pdf")
    body = {**BUTTONS, "header": {"document": {"media_id": document.pk}}}
    message = send(shop, "interactive", body)
    named = {"media_id": document.pk, "filename": "terms.pdf"}
    assert message.content["header"] == {"document": named}
    (own,) = Attachment.objects.filter(message_id=message.pk)
    assert (message.attachment_count, own.kind, own.sha256) == (1, "document", document.sha256)


def test_a_header_with_a_file_that_does_not_fit_is_refused(shop):
    pdf = upload(PDF, "a.pdf", "application/pdf")
    picture = {**BUTTONS, "header": {"image": {"media_id": pdf.pk}}}
    refused(InvalidMessageBody, shop, "interactive", picture)
    unknown = {**BUTTONS, "header": {"image": {"media_id": "a" * 24}}}
    error = refused(MediaNotFound, shop, "interactive", unknown)
    assert error.errors[0]["field"] == "interactive.header.image.media_id"
    Attachment.objects.filter(pk=pdf.pk).update(media_state=Attachment.PENDING)
    document = {**BUTTONS, "header": {"document": {"media_id": pdf.pk}}}
    refused(MediaNotReady, shop, "interactive", document)


def test_a_voice_note_of_another_format_is_refused(shop):
    song = upload(b"ID3\x03" + b"\0" * 64, "a.mp3", "audio/mpeg")
    error = refused(InvalidMessageBody, shop, "audio", {"media_id": song.pk, "voice": True})
    assert error.errors[0]["field"] == "audio.voice"
    assert send(shop, "audio", {"media_id": song.pk}).attachment_count == 1


@pytest.mark.parametrize(
    ("type_", "body"),
    [
        ("location", PLACE),
        ("contacts", {"contacts": [CARD]}),
        ("interactive", BUTTONS),
        ("interactive", CHOICES),
        ("interactive", LINK),
        ("interactive", WHERE),
    ],
)
def test_what_is_sent_is_taken(live, type_, body):
    live.simulator.let_write(live.channel)
    message = send(live, type_, body)
    send_now()
    assert state(message).status in ("accepted", "sent", "delivered", "read")
    call = live.simulator.sends(live.channel)[-1]["body"]
    assert (call["type"], call["biz_opaque_callback_data"]) == (type_, message.pk)


def test_the_file_of_a_header_is_uploaded_and_sent_by_its_id(live):
    live.simulator.let_write(live.channel)
    picture = upload(PNG, "a.png", "image/png")
    message = send(live, "interactive", {**BUTTONS, "header": {"image": {"media_id": picture.pk}}})
    send_now()
    assert state(message).status in ("accepted", "sent", "delivered", "read")
    header = live.simulator.sends(live.channel)[-1]["body"]["interactive"]["header"]
    own = Attachment.objects.get(message_id=message.pk)
    assert header == {"type": "image", "image": {"id": own.provider_id}}
    assert own.provider_id


def test_the_file_of_a_templates_header_is_uploaded_too(shop):
    factories.template(shop.channel, name="bill", components=[
        {"type": "HEADER", "format": "DOCUMENT"}, {"type": "BODY", "text": "Your bill"}])  # fmt: skip
    bill = upload(PDF, "bill.pdf", "application/pdf")
    body = {"name": "bill", "language": "en_US", "header": {"document": {"media_id": bill.pk}}}
    message = send(shop, "template", body)
    assert (message.text, message.attachment_count) == ("Your bill", 1)
    assert message.content["header"]["document"]["filename"] == "bill.pdf"
