"""What the API's own nodes say becomes the same events as a webhook would have."""

from typing import Any

import pytest

from channels.providers.contract import ChannelBroken, Rejected
from channels.providers.events import (
    Commented,
    Echo,
    Identity,
    Ignored,
    InboundMessage,
    MediaRef,
    Person,
)
from channels.providers.instagram.tests.conftest import (
    ACCOUNT,
    BY_FACEBOOK,
    BY_INSTAGRAM,
    DANA,
    client_of,
)
from channels.providers.meta.tests.server import Meta

HER = Person(identities=(Identity(kind="igsid", value=DANA, scope=ACCOUNT),))
NODE: dict[str, Any] = {
    "id": "aWdf72",
    "created_time": "2025-10-09T08:53:21+0000",
    "from": {"id": DANA, "username": "dana.c"},
    "to": {"data": [{"id": ACCOUNT, "username": "shop"}]},
    "message": "new words",
}


def read(meta: Meta, node: Any, external: dict[str, str] = BY_INSTAGRAM) -> Any:
    meta.answer(node)
    events = client_of(meta, external).read_message("aWdf72")
    assert isinstance(events, list)
    assert len(events) == 1
    return events[0]


def test_a_message_that_was_only_announced(meta: Meta) -> None:
    event = read(meta, NODE)
    assert isinstance(event, InboundMessage)
    assert (event.external_id, event.type, event.text) == ("aWdf72", "text", "new words")
    assert event.sender == HER
    assert event.provider_at is not None
    assert event.provider_at.isoformat() == "2025-10-09T08:53:21+00:00"
    assert meta.asked == [("GET", "/v26.0/aWdf72")]
    assert "attachments" in meta.requests[0]["query"]["fields"]


@pytest.mark.parametrize(
    ("external", "author"),
    [
        (BY_INSTAGRAM, {"id": ACCOUNT}),
        (BY_INSTAGRAM | {"scoped_id": "5678"}, {"id": "5678"}),
        (BY_INSTAGRAM | {"username": "shop"}, {"id": "9", "username": "shop"}),
        (BY_FACEBOOK, {"id": "1089"}),
    ],
)
def test_our_own_message_is_an_echo(
    meta: Meta, external: dict[str, str], author: dict[str, str]
) -> None:
    ours = NODE | {"from": author, "to": {"data": [{"id": DANA}]}}
    event = read(meta, ours, external)
    assert isinstance(event, Echo)
    assert event.recipient == HER


def test_attachments_of_every_kind(meta: Meta) -> None:
    files = [
        {"image_data": {"url": "https://x.fbsbx.com/i"}},
        {"video_data": {"url": "https://x.fbsbx.com/v"}},
        {"mime_type": "audio/mpeg", "file_url": "https://x.fbsbx.com/a"},
        {"mime_type": "application/pdf", "file_url": "https://x.fbsbx.com/f", "name": "a.pdf"},
        {"id": "without address"},
    ]
    event = read(meta, NODE | {"message": "", "attachments": {"data": files}})
    assert event.type == "image"
    assert event.media == (
        MediaRef(kind="image", url="https://x.fbsbx.com/i"),
        MediaRef(kind="video", url="https://x.fbsbx.com/v"),
        MediaRef(kind="audio", url="https://x.fbsbx.com/a"),
        MediaRef(kind="document", url="https://x.fbsbx.com/f", filename="a.pdf"),
    )


def test_shares_stories_and_replies(meta: Meta) -> None:
    shared = {"shares": {"data": [{"link": "https://www.instagram.com/p/x/", "name": "Drop"}]}}
    event = read(meta, NODE | {"message": ""} | shared)
    assert (event.type, event.text) == ("share", "Drop")
    story = {"id": "18011", "link": "https://x.fbsbx.com/s"}
    mentioned = read(meta, NODE | {"message": "", "story": {"mention": story}})
    assert mentioned.type == "story_mention"
    assert mentioned.content == {"story": {"id": "18011", "url": "https://x.fbsbx.com/s"}}
    assert mentioned.media == ()
    replied = read(meta, NODE | {"story": {"reply_to": story}})
    assert replied.content["story"]["is_reply"] is True
    quoted = read(meta, NODE | {"reply_to": {"mid": "aWdf1"}})
    assert quoted.reply_to_external_id == "aWdf1"


def test_what_cannot_be_shown_or_read(meta: Meta) -> None:
    assert read(meta, NODE | {"is_unsupported": True, "message": ""}).type == "unsupported"
    assert isinstance(read(meta, {"created_time": "x"}), Ignored)
    client = client_of(meta, BY_INSTAGRAM)
    for subcode, kind in ((33, Rejected), (2018001, Rejected), (2534013, ChannelBroken)):
        meta.refuse(100, subcode)
        assert isinstance(client.read_message("aWdf72"), kind)
    meta.refuse(9000001)
    assert isinstance(client.read_message("aWdf72"), Rejected)


# ------------------------------------------------------------------- comments and mentions


def test_a_comment_is_read_with_and_without_its_author(meta: Meta) -> None:
    client = client_of(meta, BY_INSTAGRAM)
    node = {"id": "18057", "text": "?", "timestamp": "2025-10-09T08:53:21+0000"}
    media = {"id": "17990", "media_product_type": "FEED"}
    meta.answer(node | {"from": {"id": DANA, "username": "dana.c"}, "media": media})
    comment = client.read_comment("18057")
    assert isinstance(comment, Commented)
    assert comment.author.identities == HER.identities
    assert (comment.author.username, comment.media) == ("dana.c", media)
    meta.answer(node | {"username": "dana.c"})
    unnamed = client.read_comment("18057")
    assert isinstance(unnamed, Commented)
    assert (unnamed.author.identities, unnamed.author.username) == ((), "dana.c")


def test_a_mention_in_a_comment(meta: Meta) -> None:
    inner = {"text": "look @shop", "timestamp": "2025-10-09T08:53:21+0000", "id": "18070"}
    meta.answer({"mentioned_comment": inner, "id": ACCOUNT})
    found = client_of(meta, BY_FACEBOOK).read_mention(media_id="17918", comment_id="18070")
    assert isinstance(found, Commented)
    assert (found.external_id, found.text, found.is_mention) == ("18070", "look @shop", True)
    assert found.media == {"id": "17918"}
    assert meta.asked == [("GET", f"/v26.0/{ACCOUNT}")]
    assert meta.requests[0]["query"]["fields"].startswith("mentioned_comment.comment_id(18070){id")


def test_a_mention_in_a_caption(meta: Meta) -> None:
    inner = {"caption": "with @shop", "username": "omer", "permalink": "https://instagram.com/p/y"}
    meta.answer({"mentioned_media": inner, "id": ACCOUNT})
    found = client_of(meta, BY_FACEBOOK).read_mention(media_id="17)18{x}")
    assert isinstance(found, Commented)
    assert (found.text, found.author.username) == ("with @shop", "omer")
    assert found.media["permalink"] == "https://instagram.com/p/y"
    assert "media_id(1718x){" in meta.requests[0]["query"]["fields"]
