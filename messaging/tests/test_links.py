"""Files that come as a link alone: Instagram's need no token, expire, and may be asked for anew."""

import base64
import hashlib

import pytest

from messaging.media.fetch import in_hex
from messaging.media.sniff import sniffed
from messaging.models import Attachment, Message
from messaging.tests.arriving import shown
from messaging.tests.instagram import DANA, ig_mid, ig_receive, item
from messaging.tests.pictures import picture
from tests.inbound import work_off

PAGE = b"<!doctype html><html>log in</html>"


def sent(gram, *files, mid=""):
    """A customer's message with these attachments, taken in."""
    attachments = [{"type": kind, "payload": {"url": url}} for kind, url in files]
    told = item(gram.channel, DANA, message={"mid": mid or ig_mid(), "attachments": attachments})
    ig_receive(gram.channel, told)
    return Message.objects.get()


def link(gram, asset=17):
    return f"{gram.meta.base_url}/ig_messaging_cdn/?asset_id={asset}&signature=AbX"


def fetched():
    work_off("media")
    return list(Attachment.objects.order_by("id"))


def test_a_link_is_fetched_without_a_token_and_kept(gram):
    gram.meta.answer(picture(), Content_Type="image/jpeg")
    sent(gram, ("image", link(gram)))
    (file,) = fetched()
    assert (file.media_state, file.mime_type, file.sha256) == (
        "stored", "image/jpeg", hashlib.sha256(picture()).hexdigest())  # fmt: skip
    assert file.thumbnail_path
    (request,) = gram.meta.requests
    assert request["query"] == {"asset_id": "17", "signature": "AbX"}
    assert "Authorization" not in request["headers"]


def test_the_bytes_say_what_it_is_and_not_the_header(gram):
    gram.meta.answer(picture(form="PNG"), Content_Type="application/octet-stream")
    sent(gram, ("image", link(gram)))
    assert fetched()[0].mime_type == "image/png"


def test_a_link_that_expired_is_asked_for_anew_once(gram):
    mid = ig_mid()
    message = sent(gram, ("image", link(gram, 17)), ("image", link(gram, 18)), mid=mid)
    account = gram.channel.external["ig_id"]
    node = {"id": mid, "from": {"id": DANA}, "to": {"data": [{"id": account}]}, "attachments": {
        "data": [{"image_data": {"url": link(gram, n)}} for n in (27, 28)]}}  # fmt: skip
    for _ in range(2):
        gram.meta.answer(b"gone", 403)
        gram.meta.answer(node)
        gram.meta.answer(picture(), Content_Type="image/jpeg")
    assert [f.media_state for f in fetched()] == ["stored", "stored"]
    assets = [r["query"]["asset_id"] for r in gram.meta.requests if "asset_id" in r["query"]]
    assert sorted(assets) == ["17", "18", "27", "28"]
    assert Message.objects.get() == message


def test_a_file_that_is_gone_for_good_leaves_its_message_alone(gram):
    gram.meta.answer(b"gone", 410)
    gram.meta.refuse(100, 33)
    sent(gram, ("video", link(gram)))
    (file,) = fetched()
    assert (file.media_state, file.state, file.path) == ("failed", "dead", "")
    assert shown()[0]["attachments"][0]["state"] == "failed"


def test_a_page_in_the_place_of_a_file_is_tried_again(gram):
    gram.meta.answer(PAGE, Content_Type="text/html; charset=utf-8")
    sent(gram, ("image", link(gram)))
    (file,) = fetched()
    assert (file.media_state, file.state) == ("pending", "ready")


def test_a_file_over_the_limit_is_not_kept(gram, settings):
    settings.MEDIA_MAX_BYTES = 100
    gram.meta.answer(picture(), Content_Type="image/jpeg")
    gram.meta.refuse(100, 33)
    sent(gram, ("image", link(gram)))
    assert fetched()[0].media_state == "failed"


@pytest.mark.parametrize("link_", ["http://10.0.0.8/x", "file:///etc/passwd", "ftp://a.example/x"])
def test_a_link_into_our_own_network_is_never_followed(gram, link_):
    for _ in range(6):
        gram.meta.refuse(100, 33)
    sent(gram, ("image", link_))
    assert fetched()[0].media_state != "stored"
    assert all(path.startswith("/v") for _, path in gram.meta.asked)


@pytest.mark.parametrize("kind", ["story_mention", "story_reply"])
def test_a_story_is_never_kept(gram, kind):
    story = {"id": "18011", "url": link(gram)}
    message = (
        {"attachments": [{"type": kind, "payload": {"url": link(gram)}}]}
        if kind == "story_mention" else {"text": "nice", "reply_to": {"story": story}}
    )  # fmt: skip
    ig_receive(gram.channel, item(gram.channel, DANA, message={"mid": ig_mid(), **message}))
    assert fetched() == []
    assert gram.meta.asked == []
    body = shown()[0]
    assert Message.objects.get().content["story"]["url"] == link(gram)
    assert body["attachments"] == []


# ------------------------------------------------------------------ forms


def test_a_checksum_is_known_in_every_form():
    digest = hashlib.sha256(b"x")
    plain, raw = digest.hexdigest(), digest.digest()
    forms = [plain, plain.upper(), base64.b64encode(raw).decode(),
             base64.urlsafe_b64encode(raw).decode().rstrip("=")]  # fmt: skip
    assert {in_hex(form) for form in forms} == {plain}
    assert in_hex("no checksum!") != plain


@pytest.mark.parametrize(("data", "claimed", "kind"), [
    (b"RIFF\0\0\0\0WAVE", "", "audio/wav"),
    (b"RIFF\0\0\0\0WEBP", "image/jpeg", "image/webp"),
    (b"\x1aE\xdf\xa3", "", "video/webm"),
    (b"\0\0\0\x20ftypM4A ", "", "audio/mp4"),
    (b"\0\0\0\x20ftypqt  ", "application/octet-stream", "video/quicktime"),
    (b"\0\0\0\x20ftypisom", "audio/mp4; codecs=x", "audio/mp4"),
    (b"\0\0\0\x20ftypisom", "", "video/mp4"),
    (b"\0\0\0\x20ftypheic", "", "image/heic"),
])  # fmt: skip
def test_containers_say_what_is_in_them(data, claimed, kind):
    assert sniffed(data, claimed) == kind
