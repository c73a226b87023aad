"""Images have a smaller copy: of bounded size, without what the camera noted, behind a link of the tenant's own."""

import io

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from kernel.work.items import replay
from messaging.api.representations import attachment_json
from messaging.media.thumbnails import MOST_PIXELS, SIDE, thumbnail_of
from messaging.models import Attachment
from messaging.services.upload import upload_media
from messaging.tests.pictures import bomb, picture
from tests.inbound import work_off


def size_of(data):
    with Image.open(io.BytesIO(data)) as image:
        return image.format, image.size


def uploaded(data, name="a.jpg", mime_type="image/jpeg"):
    return upload_media(file=SimpleUploadedFile(name, data, mime_type))


def get(url):
    answer = Client().get(url.split("8000", 1)[-1] if "8000" in url else url)
    return (
        answer.status_code,
        b"".join(answer.streaming_content) if answer.streaming else b"",
        answer,
    )


@pytest.mark.parametrize(("form", "mode"), [
    ("JPEG", "RGB"), ("JPEG", "CMYK"), ("JPEG", "L"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "I;16"),
    ("GIF", "P"), ("WEBP", "RGBA"),
])  # fmt: skip
def test_every_form_of_image_has_one(form, mode):
    fill = picture(640, 480, form=form, mode=mode) if mode != "I;16" else _sixteen()
    assert size_of(thumbnail_of(fill)) == ("WEBP", (SIDE, SIDE * 480 // 640))


def _sixteen():
    out = io.BytesIO()
    Image.new("I;16", (640, 480)).save(out, "PNG")
    return out.getvalue()


def test_it_stands_upright_and_says_nothing_of_the_camera():
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Phone of Noa"
    small = thumbnail_of(picture(640, 480, exif=exif))
    assert size_of(small) == ("WEBP", (240, 320))
    assert b"Phone" not in small
    with Image.open(io.BytesIO(small)) as image:
        assert not image.getexif()


@pytest.mark.parametrize("data", [
    b"", b"no image", bomb(), picture()[:200], b"<svg onload='x'></svg>",
    picture(64, 64, form="TIFF"), b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
])  # fmt: skip
def test_what_is_broken_enormous_or_of_another_form_has_none(data):
    assert thumbnail_of(data) is None


def test_pixels_are_bounded_before_they_are_unpacked():
    side = int(MOST_PIXELS**0.5) + 1
    assert thumbnail_of(bomb(side)) is None


def test_an_upload_has_a_link_to_its_copy_and_only_an_image_has_one(shop):
    file = uploaded(picture())
    status, body, answer = get(attachment_json(file)["thumbnail_url"])
    assert (status, size_of(body)) == (200, ("WEBP", (320, 240)))
    assert answer["Content-Type"] == "image/webp"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    status, body, _ = get(attachment_json(file)["url"])
    assert (status, size_of(body)[0]) == (200, "JPEG")
    text = uploaded(b"words", "a.txt", "text/plain")
    assert attachment_json(text)["thumbnail_url"] is None


def test_a_link_of_one_tenant_opens_nothing_of_another(shop, new_tenant):
    file = uploaded(picture())
    url = attachment_json(file)["thumbnail_url"]
    assert get(url[:-4] + "AAAA")[0] == 404
    Attachment.objects.filter(pk=file.pk).update(thumbnail_path="")
    assert get(url)[0] == 404
    assert str(shop.tenant.pk) in file.thumbnail_path


def test_it_goes_with_the_file(shop):
    file = uploaded(picture())
    assert default_storage.exists(file.thumbnail_path)
    Attachment.objects.filter(pk=file.pk).update(media_state=Attachment.REMOVED)
    replay("media", Attachment.objects.get(pk=file.pk))
    work_off("media")
    gone = Attachment.objects.get(pk=file.pk)
    assert (gone.thumbnail_path, gone.path) == ("", "")
    assert not default_storage.exists(file.thumbnail_path)
    assert not default_storage.exists(file.path)


def test_the_same_picture_of_another_message_keeps_its_copy(shop):
    first, second = uploaded(picture()), uploaded(picture())
    Attachment.objects.filter(pk=first.pk).update(media_state=Attachment.REMOVED)
    replay("media", Attachment.objects.get(pk=first.pk))
    work_off("media")
    assert default_storage.exists(second.thumbnail_path)
