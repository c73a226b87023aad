"""A sticker that is uploaded: 512 pixels each way, 100 KB, or 500 KB if it moves; refused before it is stored."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from channels.providers.whatsapp.limits import KB
from messaging.errors import InvalidMessageBody
from messaging.models import Message
from messaging.services.drafts import Draft
from messaging.services.send import send_message
from messaging.services.upload import upload_media
from messaging.tests.pictures import picture

STILL, MOVING = 100 * KB, 500 * KB


def sticker(size, *, width=512, height=512, moves=False):
    """A WebP of exactly so many bytes: a decoder stops where the image ends."""
    frames = [Image.new("RGBA", (width, height), "red")]
    how = {"save_all": True, "append_images": frames} if moves else {}
    return picture(width, height, form="WEBP", mode="RGBA", **how).ljust(size, b"\0")


def send(shop, data):
    file = upload_media(file=SimpleUploadedFile("a.webp", data, "image/webp"))
    draft = Draft(type="sticker", body={"media_id": file.pk})
    return send_message(conversation_id=shop.conversation.pk, draft=draft)


def refused(shop, data):
    with pytest.raises(InvalidMessageBody) as caught:
        send(shop, data)
    assert not Message.objects.exists()
    assert (caught.value.status, caught.value.errors[0]["field"]) == (422, "sticker")
    return caught.value.data.get("limit"), caught.value.errors[0]["detail"]


def test_a_still_one_at_its_limit_goes_and_one_byte_more_is_refused(shop):
    limit, why = refused(shop, sticker(STILL + 1))
    assert limit == STILL and "does not move" in why
    assert send(shop, sticker(STILL)).type == "sticker"


def test_a_moving_one_may_be_larger(shop):
    assert refused(shop, sticker(MOVING + 1, moves=True))[0] == MOVING
    assert send(shop, sticker(MOVING, moves=True)).type == "sticker"


@pytest.mark.parametrize(("width", "height"), [(513, 512), (512, 513), (511, 512), (96, 96)])
def test_its_sides_are_what_meta_says(shop, width, height):
    limit, why = refused(shop, sticker(9000, width=width, height=height))
    assert limit == 512 and f"{width} by {height}" in why


def test_what_only_begins_as_an_image_is_refused(shop):
    assert refused(shop, b"RIFF\0\0\0\0WEBP" + b"\0" * 100) == (
        None, "The file is no image that can be read.",
    )  # fmt: skip
