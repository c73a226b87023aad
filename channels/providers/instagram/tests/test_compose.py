"""What is sent is what Meta documents, and what Meta would refuse is refused before any call."""

import json
from datetime import timedelta

import pytest

from channels.providers.contract import (
    InvalidMessage,
    OutboundMedia,
    UnsupportedMessage,
)
from channels.providers.events import Identity
from channels.providers.instagram import limits
from channels.providers.instagram.compose import action_body, compose
from channels.providers.instagram.tests.outgoing import LINK, interactive, message, refused, said
from channels.providers.instagram.validate import validate, validate_file
from channels.providers.instagram.window import check_private_reply, tag_for

# ------------------------------------------------------------------------------------ text


def test_text_with_reply() -> None:
    given = message("text", text="כן, in stock", reply_to_external_id="aWdfMDAx")
    assert compose(given) == {
        "recipient": {"id": "902211334455"},
        "messaging_type": "RESPONSE",
        "message": {"text": "כן, in stock"},
        "reply_to": {"mid": "aWdfMDAx"},
    }


@pytest.mark.parametrize(("char", "size"), [("a", 1), ("א", 2), ("€", 3), ("🌊", 4)])
def test_text_is_limited_to_1000_bytes_not_characters(char: str, size: int) -> None:
    fits = char * (1000 // size)
    fits += "." * (1000 - len(fits.encode()))
    assert said(message("text", text=fits))["text"] == fits
    assert refused(message("text", text=fits + ".")) == ("text", 1000)


def test_empty_text_is_refused_and_strange_text_made_fit() -> None:
    assert refused(message("text", text=" \n ")) == ("text", None)
    assert refused(message("text")) == ("text", None)
    body = compose(message("text", text="a\x00b\ud83dc"))
    assert json.dumps(body, ensure_ascii=False).encode()
    assert body["message"]["text"] == "a\u2400b\ufffdc"


def test_the_recipient_is_an_instagram_id() -> None:
    for recipient in (
        (),
        (Identity(kind="wa_id", value="972501234567"),),
        (Identity(kind="igsid", value="nonsense"),),
    ):
        assert refused(message("text", text="x", recipient=recipient)) == ("recipient", None)


# ------------------------------------------------------------------------- tags and windows


def test_a_person_may_answer_for_seven_days() -> None:
    tagged = compose(message("text", text="x", content={"tag": "HUMAN_AGENT"}))
    assert (tagged["messaging_type"], tagged["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")
    day, week, moment = timedelta(hours=24), timedelta(days=7), timedelta(milliseconds=1)
    for by_person in (True, False):
        assert tag_for(timedelta(0), is_written_by_person=by_person) == ""
        assert tag_for(day, is_written_by_person=by_person) == ""
    assert tag_for(day + moment, is_written_by_person=True) == "HUMAN_AGENT"
    assert tag_for(week, is_written_by_person=True) == "HUMAN_AGENT"
    for elapsed, by_person, hours in ((week + moment, True, 168), (day + moment, False, 24)):
        with pytest.raises(InvalidMessage) as caught:
            tag_for(elapsed, is_written_by_person=by_person)
        assert (caught.value.field, caught.value.limit) == ("window", hours)


def test_other_tags_are_refused() -> None:
    for tag in ("ACCOUNT_UPDATE", "CONFIRMED_EVENT_UPDATE", "human_agent"):
        assert refused(message("text", text="x", content={"tag": tag})) == ("tag", None)


# ---------------------------------------------------------------------------- private reply


def test_private_reply_needs_no_instagram_id() -> None:
    content = {"comment_external_id": "18055"}
    assert compose(message("text", text="Hi", content=content, recipient=())) == {
        "recipient": {"comment_id": "18055"},
        "message": {"text": "Hi"},
    }
    assert refused(message("text", text="x" * 1001, content=content)) == ("text", 1000)
    media = OutboundMedia(link=LINK)
    assert refused(message("image", media=media, content=content))[0] == "comment_external_id"
    assert refused(message("text", text="x", content=content | {"tag": "HUMAN_AGENT"}))[0] == "tag"


def test_private_reply_is_open_for_seven_days() -> None:
    check_private_reply(timedelta(days=7))
    with pytest.raises(InvalidMessage) as caught:
        check_private_reply(timedelta(days=7, milliseconds=1))
    assert (caught.value.field, caught.value.limit) == ("comment_external_id", 168)


# ----------------------------------------------------------------------------------- media


@pytest.mark.parametrize(
    ("kind", "sent_as"),
    [("image", "image"), ("video", "video"), ("audio", "audio"), ("document", "file")],
)
def test_media_by_id_and_by_link(kind: str, sent_as: str) -> None:
    by_link = said(message(kind, media=OutboundMedia(link=LINK, filename="a.pdf")))
    assert by_link == {"attachment": {"type": sent_as, "payload": {"url": LINK}}}
    by_id = said(message(kind, media=OutboundMedia(provider_id="84")))
    assert by_id == {"attachment": {"type": sent_as, "payload": {"attachment_id": "84"}}}


@pytest.mark.parametrize("kind", list(limits.FILES))
def test_words_do_not_go_with_a_file(kind: str) -> None:
    captioned = OutboundMedia(link=LINK, caption="x")
    assert refused(message(kind, media=captioned)) == (f"{kind}.caption", 0)
    beside = message(kind, text="x", media=OutboundMedia(link=LINK))
    assert refused(beside) == (f"{kind}.caption", 0)


def test_a_file_is_given_in_exactly_one_way() -> None:
    for media in (None, OutboundMedia(), OutboundMedia(provider_id="1", link=LINK)):
        assert refused(message("image", media=media))[0] == "image"
    for link in ("ftp://example.com/a", "example.com/a", "https://", "javascript:1", "http://[x"):
        assert refused(message("image", media=OutboundMedia(link=link)))[0] == "image.link"


def test_an_album_has_at_most_ten_images() -> None:
    ten = [{"link": LINK}] * 9 + [{"media_id": "A"}]
    sent = said(message("image", content={"images": ten}, uploaded={"A": "84"}))["attachments"]
    assert len(sent) == 10
    assert sent[0] == {"type": "image", "payload": {"url": LINK}}
    assert sent[9] == {"type": "image", "payload": {"attachment_id": "84"}}
    assert refused(message("image", content={"images": [*ten, {"link": LINK}]})) == (
        "image.images",
        10,
    )
    assert refused(message("image", content={"images": ten}))[0] == "image.images[9]"
    assert refused(message("image", content={"images": []}))[0] == "image.images"
    assert refused(message("video", content={"images": ten}))[0] == "image.images"
    assert refused(message("image", content={"images": [{}]}))[0] == "image.images[0]"
    bad_link = [{"link": LINK}, {"link": "x"}]
    assert refused(message("image", content={"images": bad_link}))[0] == "image.images[1].link"


@pytest.mark.parametrize("kind", list(limits.FILES))
def test_files_are_checked_by_type_and_size(kind: str) -> None:
    limit = limits.FILES[kind]
    for mime_type in limit.mime_types:
        validate_file(kind, f"{mime_type}; codecs=x", limit.max_bytes)
    for mime_type, size, broken in (
        (limit.mime_types[0], limit.max_bytes + 1, limit.max_bytes),
        (limit.mime_types[0], 0, None),
        ("text/plain", 10, None),
        ("", 10, None),
    ):
        with pytest.raises(InvalidMessage) as caught:
            validate_file(kind, mime_type, size)
        assert (caught.value.field, caught.value.limit) == (kind, broken)


def test_file_sizes_are_the_documented_ones() -> None:
    sizes = {kind: limit.max_bytes // limits.MB for kind, limit in limits.FILES.items()}
    assert sizes == {"image": 8, "video": 25, "audio": 25, "document": 25}
    for kind in ("sticker", "hologram"):
        with pytest.raises(UnsupportedMessage):
            validate_file(kind, "image/webp", 1)


# ------------------------------------------------------------- sticker, share, reaction


def test_the_heart_is_the_only_sticker() -> None:
    heart = {"name": "like_heart"}
    sent = said(message("sticker", content=heart, media=OutboundMedia()))
    assert sent == {"attachment": {"type": "like_heart"}}
    assert refused(message("sticker"))[0] == "sticker.name"
    assert refused(message("sticker", content={"name": "thumb"}))[0] == "sticker.name"
    with_file = message("sticker", content=heart, media=OutboundMedia(link=LINK))
    assert refused(with_file)[0] == "sticker.name"


def test_a_post_of_ones_own_is_shared() -> None:
    sent = said(message("share", content={"media_id": 17918}))
    assert sent == {"attachment": {"type": "MEDIA_SHARE", "payload": {"id": "17918"}}}
    assert refused(message("share"))[0] == "share.media_id"


def test_reactions_are_set_and_removed_and_quote_nothing() -> None:
    for emoji in ("👍", "❤️", "1️⃣", "👨‍👩‍👧‍👦", "ℹ️"):
        content = {"target_external_id": "aWdf1", "emoji": emoji}
        assert compose(message("reaction", content=content, reply_to_external_id="x")) == {
            "recipient": {"id": "902211334455"},
            "sender_action": "react",
            "payload": {"message_id": "aWdf1", "reaction": emoji},
        }
    for content in ({"target_external_id": "aWdf1"}, {"target_external_id": "aWdf1", "emoji": ""}):
        body = compose(message("reaction", content=content))
        assert body["sender_action"] == "unreact"
        assert body["payload"] == {"message_id": "aWdf1"}


def test_what_is_no_reaction_is_refused() -> None:
    assert refused(message("reaction", content={"emoji": "👍"}))[0] == "reaction.target_external_id"
    for emoji in ("ok", "👍 yes", "1", "👍" * 33, 7):
        content = {"target_external_id": "aWdf1", "emoji": emoji}
        assert refused(message("reaction", content=content))[0] == "reaction.emoji"


# ---------------------------------------------------------------------------------- others


def test_other_types_are_unsupported() -> None:
    others = [message(kind) for kind in ("template", "location", "contacts", "hologram", "")]
    others += [interactive(type=kind) for kind in ("list", "flow", "")]
    for given in others:
        with pytest.raises(UnsupportedMessage):
            validate(given)
        with pytest.raises(UnsupportedMessage):
            compose(given)


def test_capabilities_come_from_the_same_table() -> None:
    found = limits.capabilities()
    assert found["types"] == list(limits.SENDABLE)
    assert found["text"]["max_bytes"] == 1000
    assert found["media"]["document"]["mime_types"] == ["application/pdf"]
    assert set(found["interactive"]) == set(limits.INTERACTIVE)
    assert found["window"] == {"hours": 24, "outside": [], "human_agent_hours": 168}
    assert json.loads(json.dumps(found)) == found


def test_sender_actions_stand_alone() -> None:
    assert action_body("9", "mark_seen") == {"recipient": {"id": "9"}, "sender_action": "mark_seen"}
