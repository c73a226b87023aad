"""What is sent is what Meta documents, and what Meta would refuse is refused before any call."""

import json
from typing import Any

import pytest

from channels.providers.contract import (
    InvalidMessage,
    OutboundMedia,
    OutboundMessage,
    UnsupportedMessage,
)
from channels.providers.events import Identity
from channels.providers.whatsapp import limits
from channels.providers.whatsapp.compose import compose, mark_read_body
from channels.providers.whatsapp.validate import validate, validate_file

NOA = (Identity(kind="wa_id", value="972501234567"), Identity(kind="bsuid", value="IL.482"))


def message(kind: str, **values: Any) -> OutboundMessage:
    values = {"callback_data": "msg:1", "recipient": NOA} | values
    return OutboundMessage(type=kind, **values)


def refused(given: OutboundMessage) -> tuple[str, int | None]:
    """The field and limit of the refusal, which must come from both doors alike."""
    with pytest.raises(InvalidMessage) as caught:
        validate(given)
    with pytest.raises(InvalidMessage) as again:
        compose(given)
    assert again.value.field == caught.value.field
    assert caught.value.message
    return caught.value.field, caught.value.limit


# ------------------------------------------------------------------------------------ text


def test_text_with_reply_and_preview() -> None:
    given = message("text", text="שלום 😀", preview_url=True, reply_to_external_id="wamid.A")
    assert compose(given) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+972501234567",
        "biz_opaque_callback_data": "msg:1",
        "type": "text",
        "text": {"preview_url": True, "body": "שלום 😀"},
        "context": {"message_id": "wamid.A"},
    }


def test_text_is_limited_to_4096_characters() -> None:
    assert compose(message("text", text="א" * 4096))["text"]["preview_url"] is False
    assert refused(message("text", text="א" * 4097)) == ("text", 4096)
    assert refused(message("text", text=" \n ")) == ("text", None)
    assert refused(message("text")) == ("text", None)


def test_text_is_made_fit_for_the_wire() -> None:
    body = compose(message("text", text="a\x00b\ud83dc"))
    assert json.dumps(body, ensure_ascii=False).encode()
    assert body["text"]["body"] == "a\u2400b\ufffdc"


# ------------------------------------------------------------------------------- recipient


def test_a_phone_is_preferred_and_written_as_e164() -> None:
    bsuid_first = tuple(reversed(NOA))
    assert compose(message("text", text="x", recipient=bsuid_first))["to"] == "+972501234567"
    spelled = (Identity(kind="phone", value="+972 (50) 123-4567"),)
    assert compose(message("text", text="x", recipient=spelled))["to"] == "+972501234567"


@pytest.mark.parametrize(
    ("kind", "value"), [("bsuid", "IL.48213377190011245"), ("parent_bsuid", "IL.ENT.7712")]
)
def test_a_person_without_phone_is_addressed_as_recipient(kind: str, value: str) -> None:
    body = compose(message("text", text="x", recipient=(Identity(kind=kind, value=value),)))
    assert body["recipient"] == value
    assert "to" not in body


def test_nobody_to_write_to_is_refused() -> None:
    strangers = (
        (),
        (Identity(kind="igsid", value="123456789"),),
        (Identity(kind="wa_id", value="nonsense"),),
        (Identity(kind="bsuid", value="nonsense"),),
    )
    for recipient in strangers:
        assert refused(message("text", text="x", recipient=recipient)) == ("recipient", None)


def test_our_id_always_goes_along() -> None:
    assert refused(message("text", text="x", callback_data=""))[0] == "callback_data"
    assert refused(message("text", text="x", callback_data="y" * 513)) == ("callback_data", 512)


# ----------------------------------------------------------------------------------- media


def test_an_album_is_told_that_images_go_one_by_one() -> None:
    two = message("image", content={"images": [{"media_id": "1"}, {"media_id": "2"}]})
    assert refused(two)[0] == "image.images"


def test_media_by_id_and_by_link() -> None:
    by_id = message("image", media=OutboundMedia(provider_id="84", caption="hinge"))
    assert compose(by_id)["image"] == {"id": "84", "caption": "hinge"}
    link = OutboundMedia(link="https://example.com/a.pdf", filename="a.pdf")
    assert compose(message("document", media=link))["document"] == {
        "link": "https://example.com/a.pdf",
        "filename": "a.pdf",
    }
    voice = message("audio", media=OutboundMedia(provider_id="85"), content={"voice": True})
    assert compose(voice)["audio"] == {"id": "85", "voice": True}
    assert compose(message("sticker", media=OutboundMedia(provider_id="86")))["sticker"] == {
        "id": "86"
    }
    beside = message("video", media=OutboundMedia(provider_id="87"), text="said beside it")
    assert compose(beside)["video"] == {"id": "87", "caption": "said beside it"}


@pytest.mark.parametrize("kind", ["image", "video", "document"])
def test_captions_are_limited(kind: str) -> None:
    fits = OutboundMedia(provider_id="1", caption="c" * 1024)
    assert compose(message(kind, media=fits))[kind]["caption"] == "c" * 1024
    long = OutboundMedia(provider_id="1", caption="c" * 1025)
    assert refused(message(kind, media=long)) == (f"{kind}.caption", 1024)


@pytest.mark.parametrize("kind", ["audio", "sticker"])
def test_captions_are_refused_where_whatsapp_has_none(kind: str) -> None:
    media = OutboundMedia(provider_id="1", caption="hi")
    assert refused(message(kind, media=media)) == (f"{kind}.caption", 0)


def test_a_file_is_given_in_exactly_one_way() -> None:
    for media in (None, OutboundMedia(), OutboundMedia(provider_id="1", link="https://e.com/x")):
        assert refused(message("image", media=media))[0] == "image"
    for link in ("ftp://example.com/a", "example.com/a", "https://", "javascript:1", "http://[x"):
        assert refused(message("image", media=OutboundMedia(link=link)))[0] == "image.link"
    named = OutboundMedia(provider_id="1", filename="n" * 241)
    assert refused(message("document", media=named)) == ("document.filename", 240)


def test_files_are_checked_by_type_and_size() -> None:
    validate_file("audio", "audio/ogg; codecs=opus", 1000)
    validate_file("document", "application/x-anything", 100 * limits.MB)
    for kind, mime_type, size, limit in (
        ("image", "image/gif", 10, None),
        ("image", "image/jpeg", 5 * limits.MB + 1, 5 * limits.MB),
        ("sticker", "image/webp", 500 * limits.KB + 1, 500 * limits.KB),
        ("image", "image/png", 0, None),
    ):
        with pytest.raises(InvalidMessage) as caught:
            validate_file(kind, mime_type, size)
        assert caught.value.limit == limit
    with pytest.raises(UnsupportedMessage):
        validate_file("hologram", "image/png", 1)


# -------------------------------------------------------------------------- reaction, others


def test_reactions_are_set_and_removed_and_quote_nothing() -> None:
    for emoji in ("👍", "❤️", "1️⃣", "👨‍👩‍👧‍👦", "ℹ️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", ""):
        content = {"target_external_id": "wamid.A", "emoji": emoji}
        body = compose(message("reaction", content=content, reply_to_external_id="wamid.B"))
        assert body["reaction"] == {"message_id": "wamid.A", "emoji": emoji}
        assert "context" not in body
    removed = compose(message("reaction", content={"target_external_id": "wamid.A"}))
    assert removed["reaction"]["emoji"] == ""


def test_what_is_no_reaction_is_refused() -> None:
    assert refused(message("reaction", content={"emoji": "👍"}))[0] == "reaction.target_external_id"
    for emoji in ("ok", "👍 yes", "1", "👍" * 33, 7):
        content = {"target_external_id": "wamid.A", "emoji": emoji}
        assert refused(message("reaction", content=content))[0] == "reaction.emoji"


def test_other_types_are_unsupported() -> None:
    for kind in ("hologram", "share", ""):
        with pytest.raises(UnsupportedMessage):
            validate(message(kind))
    for kind in ("quick_replies", "generic", "video_call"):
        with pytest.raises(UnsupportedMessage):
            validate(message("interactive", content={"type": kind, "body": "x"}))


def test_every_sendable_type_is_in_the_capabilities() -> None:
    capabilities = limits.capabilities()
    assert capabilities["types"] == list(limits.SENDABLE)
    assert capabilities["text"]["max_length"] == 4096
    assert capabilities["media"]["document"]["max_bytes"] == 100 * 1024 * 1024


def test_reading_and_typing() -> None:
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.A"}
    assert mark_read_body("wamid.A", typing=False) == read
    assert mark_read_body("wamid.A", typing=True) == read | {"typing_indicator": {"type": "text"}}
