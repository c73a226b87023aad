"""Files that a template shows: how they are named, what they may be, and the two calls of their upload."""

from typing import Any

import pytest

from channels.providers.abilities import ExampleFile, TemplateClient, TemplateProvider
from channels.providers.contract import ChannelBroken, InvalidMessage, NotSent, Rejected, Transient
from channels.providers.whatsapp.limits import MB
from channels.providers.whatsapp.provider import WHATSAPP
from channels.providers.whatsapp.tests.conftest import TOKEN, Meta

ID, OTHER = "65f1c0ffee65f1c0ffee65f1", "65f1c0ffee65f1c0ffee65f2"
SESSION = "upload:MTphdHRhY2htZW50OjE/ZmlsZQ==?sig=ARZq-_kG"
BODY = {"type": "BODY", "text": "Look at these."}


def header(kind: str = "IMAGE", **example: Any) -> dict[str, Any]:
    return {"type": "header", "format": kind, "example": example}


def carousel(*headers: Any) -> dict[str, Any]:
    return {"type": "CAROUSEL", "cards": [{"components": [BODY, one]} for one in headers]}


def check(*components: Any) -> None:
    WHATSAPP.validate_template(name="a", category="MARKETING", language="en", parameter_format="POSITIONAL",
                               components=[BODY, *components])  # fmt: skip


def test_whatsapp_can_all_that_templates_need(meta: Meta) -> None:
    assert isinstance(WHATSAPP, TemplateProvider)
    assert isinstance(meta.client(), TemplateClient)


@pytest.mark.parametrize("example", [
    {"media_id": ID}, {"header_handle": ["4::a"]}, {"media_id": None, "header_handle": ["4::a"]},
])  # fmt: skip
def test_a_file_is_named_by_an_uploads_id_or_by_a_handle(example: Any) -> None:
    check(header(**example))
    check(carousel(header(**example), header(**example)))


@pytest.mark.parametrize(("part", "field"), [
    (header(), "header_handle"), (header(header_handle=[]), "header_handle"),
    (header(media_id=""), "media_id"), (header(media_id=7), "media_id"),
    (header(media_id=[ID]), "media_id"), (header(media_id=ID, header_handle=["4::a"]), "media_id"),
    (header("LOCATION", media_id=ID), "media_id"),
    (header("TEXT", media_id=ID) | {"text": "Hi"}, "media_id"),
])  # fmt: skip
def test_anything_else_is_refused_by_its_field(part: Any, field: str) -> None:
    with pytest.raises(InvalidMessage) as caught:
        check(part)
    assert caught.value.field == f"components.1.example.{field}"


def test_each_file_has_its_field_and_its_handle_takes_its_place() -> None:
    components = [header("document", media_id=ID), BODY,
                  carousel(header(media_id=OTHER), header("VIDEO", header_handle=["4::b"]))]  # fmt: skip
    where = "components.2.cards.0.components.1.example.media_id"
    assert WHATSAPP.example_files(components) == [
        ExampleFile(field="components.0.example.media_id", kind="DOCUMENT", media_id=ID),
        ExampleFile(field=where, kind="IMAGE", media_id=OTHER),
    ]
    assert WHATSAPP.with_handles(components, {ID: "4::d", OTHER: "4::i"}) == [
        header("document", header_handle=["4::d"]), BODY,
        carousel(header(header_handle=["4::i"]), header("VIDEO", header_handle=["4::b"])),
    ]  # fmt: skip
    assert components[0]["example"] == {"media_id": ID}


@pytest.mark.parametrize(("kind", "type_", "most"), [
    ("IMAGE", "image/jpeg", 5 * MB), ("IMAGE", "image/png", 5 * MB), ("VIDEO", "video/mp4", 16 * MB),
    ("GIF", "video/mp4", 7 * MB // 2), ("DOCUMENT", "application/pdf", 100 * MB),
])  # fmt: skip
def test_a_file_is_of_a_type_that_meta_takes_and_no_larger_than_its_kinds_limit(
    kind: str, type_: str, most: int
) -> None:
    file = ExampleFile(field="f", kind=kind, media_id=ID)
    WHATSAPP.validate_example(file, type_, most)
    for given, size, limit in ((type_, most + 1, most), (type_, 0, None), ("image/webp", 1, None)):
        with pytest.raises(InvalidMessage) as caught:
            WHATSAPP.validate_example(file, given, size)
        assert (caught.value.field, caught.value.limit) == ("f", limit)


def test_a_template_is_the_same_whatever_link_meta_shows_its_file_by() -> None:
    ours, theirs = ([header(header_handle=[given]), carousel(header(header_handle=[given] * 2))]
                    for given in ("4::a", "https://scontent.example/a?oe=1"))  # fmt: skip
    assert WHATSAPP.are_same(ours, theirs)
    assert not WHATSAPP.are_same(ours, [*theirs, BODY])
    assert not WHATSAPP.are_same(ours, [theirs[0] | {"format": "VIDEO"}, theirs[1]])


# -------------------------------------------------------------------------- the two calls


def test_a_session_is_begun_and_the_bytes_follow_to_its_address(meta: Meta) -> None:
    meta.answer({"id": SESSION})
    meta.answer({"h": "4::handle"})
    assert meta.client().upload_example(b"%PDF-1", "application/pdf") == "4::handle"
    begun, given = meta.requests
    assert (begun["method"], begun["path"]) == ("POST", "/v26.0/77/uploads")
    asked = begun["query"]
    assert (asked["file_length"], asked["file_type"]) == ("6", "application/pdf")
    assert asked["file_name"] == "example.pdf"
    assert begun["headers"]["Authorization"] == f"Bearer {TOKEN}"
    path, _, query = SESSION.partition("?sig=")
    assert (given["method"], given["path"]) == ("POST", f"/v26.0/{path}")
    assert given["query"]["sig"] == query
    assert given["headers"]["Authorization"] == f"OAuth {TOKEN}"
    assert (given["headers"]["file_offset"], given["body"]) == ("0", b"%PDF-1")


def test_an_upload_that_fails_is_told_and_goes_no_further(meta: Meta) -> None:
    client = meta.client()
    error = {"error": {"code": 100, "error_subcode": 33, "message": "m"}}
    meta.answer(error, 400)
    refused = client.upload_example(b"x", "image/png")
    assert isinstance(refused, Rejected)
    assert "app" in refused.title
    meta.answer({"error": {"code": 200, "message": "m"}}, 403)
    assert isinstance(client.upload_example(b"x", "image/png"), ChannelBroken)
    meta.answer({})
    assert isinstance(client.upload_example(b"x", "image/png"), Transient)
    assert len(meta.requests) == 3
    meta.answer({"id": SESSION})
    meta.answer({"error": {"code": 100, "message": "m"}}, 400)
    assert isinstance(client.upload_example(b"x", "image/png"), Rejected)
    meta.answer({"id": SESSION})
    meta.answer({"h": ""})
    assert isinstance(client.upload_example(b"x", "image/png"), Transient)
    asked = len(meta.requests)
    assert isinstance(meta.client(app_id="").upload_example(b"x", "image/png"), Rejected)
    assert len(meta.requests) == asked


def test_an_upload_that_cannot_leave_was_not_sent(meta: Meta) -> None:
    meta.server.server_close()
    meta.base_url = "http://127.0.0.1:9"
    assert isinstance(meta.client().upload_example(b"x", "image/png"), NotSent)
