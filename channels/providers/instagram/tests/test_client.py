"""The client against a real HTTP server that answers as Meta does, well and badly."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from channels.providers.contract import (
    Accepted,
    ChannelBroken,
    Credentials,
    Downloaded,
    Endpoint,
    NotSent,
    Rejected,
    Throttled,
    Transient,
    Unknown,
    Usage,
)
from channels.providers.events import Identity
from channels.providers.instagram.client import InstagramClient
from channels.providers.instagram.tests.conftest import (
    ACCOUNT,
    BY_FACEBOOK,
    BY_INSTAGRAM,
    DANA,
    SECRET,
    TOKEN,
    client_of,
)
from channels.providers.meta.tests.server import Meta

SENT = {"recipient_id": DANA, "message_id": "aWdf1"}
HER = Identity(kind="igsid", value=DANA, scope=ACCOUNT)
both_logins = pytest.mark.parametrize(
    ("external", "node"), [(BY_INSTAGRAM, ACCOUNT), (BY_FACEBOOK, "1089")]
)


# ------------------------------------------------------------------------------------ send


@both_logins
def test_send_goes_from_the_account_or_its_page(
    meta: Meta, external: dict[str, str], node: str
) -> None:
    meta.answer(SENT)
    outcome = client_of(meta, external).send({"message": {"text": "שלום"}})
    assert outcome == Accepted(external_id="aWdf1", alias=HER)
    assert meta.asked == [("POST", f"/v26.0/{node}/messages")]
    assert meta.body()["message"]["text"] == "שלום"
    assert meta.requests[0]["headers"]["Authorization"] == f"Bearer {TOKEN}"


def test_a_send_tells_how_full_the_limits_are(meta: Meta) -> None:
    usage = {"178": [{"type": "instagram", "call_count": 91, "total_time": 4}]}
    meta.answer(SENT, X_Business_Use_Case_Usage=json.dumps(usage), X_App_Usage='{"call_count":12}')
    outcome = client_of(meta, BY_INSTAGRAM).send({})
    assert outcome == Accepted(external_id="aWdf1", alias=HER, usage=Usage(app=12, account=91))


def test_only_facebooks_host_gets_the_proof(meta: Meta) -> None:
    for external in (BY_FACEBOOK, BY_INSTAGRAM):
        meta.answer(SENT)
        client_of(meta, external).send({})
    proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert [r["query"] for r in meta.requests] == [{"appsecret_proof": proof}, {}]


def test_ids_cannot_leave_their_place_and_me_stands_in(meta: Meta) -> None:
    for external in ({"ig_id": "../me"}, {}):
        meta.answer(SENT)
        client_of(meta, external).send({})
    assert [path for _, path in meta.asked] == ["/v26.0/..%2Fme/messages", "/v26.0/me/messages"]


def test_the_login_is_told_by_the_page(meta: Meta) -> None:
    meta.answer(SENT)
    client_of(meta, {"ig_id": ACCOUNT, "page_id": "5"}).send({})
    assert meta.asked[0][1] == "/v26.0/5/messages"


def test_a_reaction_is_accepted_without_a_message_id(meta: Meta) -> None:
    body = {"sender_action": "react", "payload": {"message_id": "aWdf7", "reaction": "❤️"}}
    client = client_of(meta, BY_INSTAGRAM)
    meta.answer({"recipient_id": DANA})
    outcome = client.send(body)
    assert isinstance(outcome, Accepted)
    assert outcome.external_id.endswith(":aWdf7")
    meta.answer({"recipient_id": DANA})
    assert isinstance(client.send({"message": {"text": "x"}}), Unknown)


@pytest.mark.parametrize(
    "body", [{}, [], b"", b"<html>", *({"message_id": id_} for id_ in (None, 17, True, " ", ["a"]))]
)
def test_success_without_an_id_stays_unknown(meta: Meta, body: Any) -> None:
    meta.answer(body)
    assert isinstance(client_of(meta, BY_INSTAGRAM).send({}), Unknown)


@pytest.mark.parametrize(
    ("status", "code", "subcode", "kind"),
    [
        (403, 10, 2534022, Rejected),
        (400, 551, None, Rejected),
        (401, 190, 463, ChannelBroken),
        (400, 200, 2534041, ChannelBroken),
        (400, 613, 2534040, Throttled),
        (500, -1, 2207001, Transient),
        (500, 1, 1357046, Unknown),
    ],
)
def test_refusals_of_a_send(
    meta: Meta, status: int, code: int, subcode: int | None, kind: type
) -> None:
    meta.refuse(code, subcode, status)
    assert isinstance(client_of(meta, BY_INSTAGRAM).send({}), kind)


def test_answers_from_before_the_api(meta: Meta) -> None:
    client = client_of(meta, BY_INSTAGRAM)
    for status, kind in ((503, Transient), (504, Unknown), (429, Throttled)):
        meta.answer(b"<html>", status)
        assert isinstance(client.send({}), kind)


def test_no_server_means_not_sent(meta: Meta) -> None:
    client = InstagramClient(
        BY_INSTAGRAM,
        Credentials(access_token=TOKEN),
        Endpoint(base_url="http://127.0.0.1:9", version="v26.0", timeout_s=2),
    )
    refused = NotSent(reason="refused")
    outcomes: list[object] = [
        client.send({}),
        client.mark_read("m", typing=False),
        client.describe(),
    ]
    outcomes += [client.subscribe(), client.is_subscribed(), client.refresh_token()]
    outcomes += [client.read_message("m"), client.profile("1"), client.menus()]
    outcomes += [client.upload(b"x", "image/png", ""), client.reply_to_comment("1", "x")]
    assert outcomes == [refused] * len(outcomes)
    assert not any(check.ok for check in client.check())


def test_a_token_that_fits_no_header_breaks_the_channel(meta: Meta) -> None:
    client = client_of(meta, BY_INSTAGRAM, token="IGAA\nX: y")
    for outcome in (client.send({}), client.subscribe(), client.describe(), client.profile("1")):
        assert isinstance(outcome, ChannelBroken)
    assert [check.ok for check in client.check()] == [False]
    assert meta.requests == []


# ------------------------------------------------------------------------- read and typing


def test_reading_and_typing_are_shown_to_the_person(meta: Meta) -> None:
    for _ in range(2):
        meta.answer({"recipient_id": DANA})
    client = client_of(meta, BY_INSTAGRAM)
    outcome = client.mark_read("aWdf1", typing=True, recipient=DANA)
    assert outcome == Accepted(external_id="aWdf1")
    to = {"id": DANA}
    assert meta.body(0) == {"recipient": to, "sender_action": "mark_seen"}
    assert meta.body(1) == {"recipient": to, "sender_action": "typing_on"}
    meta.answer({"recipient_id": DANA})
    assert isinstance(client.act(DANA, "typing_off"), Accepted)
    assert meta.body()["sender_action"] == "typing_off"


def test_without_the_person_the_message_is_asked_for_its_author(meta: Meta) -> None:
    client = client_of(meta, BY_INSTAGRAM)
    meta.answer({"id": "aWdf1", "from": {"id": DANA}})
    meta.answer({"recipient_id": DANA})
    assert client.mark_read("aWdf1", typing=False) == Accepted(external_id="aWdf1")
    assert meta.asked[0] == ("GET", "/v26.0/aWdf1")
    assert meta.body()["recipient"] == {"id": DANA}
    for author in ({"id": ACCOUNT}, {}):
        meta.answer({"id": "aWdf1", "from": author})
        assert isinstance(client.mark_read("aWdf1", typing=False), Rejected)
    meta.refuse(100, 33)
    assert isinstance(client.mark_read("aWdf1", typing=False), Rejected)
    meta.refuse(10, 2534022, 403)
    assert isinstance(client.mark_read("aWdf1", typing=True, recipient=DANA), Rejected)


# ----------------------------------------------------------------------------------- files


@both_logins
def test_upload_from_here(meta: Meta, external: dict[str, str], node: str) -> None:
    meta.answer({"attachment_id": "840"})
    assert client_of(meta, external).upload(b"%PDF", "application/pdf", "a.pdf") == "840"
    assert meta.asked == [("POST", f"/v26.0/{node}/message_attachments")]
    sent = meta.requests[0]["body"]
    for part in (b'name="platform"\r\n\r\ninstagram', b'"type": "file"', b'name="filedata"'):
        assert part in sent
    assert b'"is_reusable": true' in sent
    assert b"%PDF" in sent


def test_upload_from_a_link_and_its_refusals(meta: Meta) -> None:
    client = client_of(meta, BY_FACEBOOK)
    meta.answer({"attachment_id": 841})
    assert client.attach("image", "https://example.com/a.png") == "841"
    assert meta.body() == {
        "platform": "instagram",
        "message": {
            "attachment": {
                "type": "image",
                "payload": {"is_reusable": True, "url": "https://example.com/a.png"},
            }
        },
    }
    meta.refuse(100, 2018047)
    assert isinstance(client.upload(b"x", "video/mp4; codecs=x", ""), Rejected)
    assert b'"type": "video"' in meta.requests[-1]["body"]
    meta.answer({})
    assert isinstance(client.attach("audio", "https://example.com/a"), Transient)


def test_download_needs_no_token(meta: Meta) -> None:
    meta.answer(b"bytes", Content_Type="image/jpeg")
    link = f"{meta.base_url}/ig_messaging_cdn/?asset_id=17&signature=AbX"
    found = client_of(meta, BY_INSTAGRAM).download(link, max_bytes=100)
    assert found == Downloaded(data=b"bytes", mime_type="image/jpeg")
    assert meta.requests[0]["query"] == {"asset_id": "17", "signature": "AbX"}
    assert meta.requests[0]["headers"]["Authorization"] is None


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, b"URL signature expired", Rejected),
        (404, b"", Rejected),
        (410, b"", Rejected),
        (500, b"", Transient),
        (504, b"", Transient),
        (429, b"", Throttled),
        (200, b"x" * 101, Rejected),
    ],
)
def test_downloads_that_fail(meta: Meta, status: int, body: bytes, kind: type) -> None:
    meta.answer(body, status)
    client = client_of(meta, BY_INSTAGRAM)
    assert isinstance(client.download(f"{meta.base_url}/x", max_bytes=100), kind)


def test_a_page_is_not_taken_for_the_file(meta: Meta) -> None:
    meta.answer(b"<html>log in", Content_Type="text/html; charset=utf-8")
    outcome = client_of(meta, BY_INSTAGRAM).download(f"{meta.base_url}/x", max_bytes=100)
    assert isinstance(outcome, Transient)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "http://lookaside.fbsbx.com/x",
        "https://evilfbsbx.com/",
        "https://lookaside.fbsbx.com.evil.example/",
        "http://localhost:{port}/x",
        "//[",
        "aWdf1",
        "",
    ],
)
def test_only_metas_hosts_are_asked_for_files(meta: Meta, url: str) -> None:
    address = url.format(port=meta.server.server_port)
    outcome = client_of(meta, BY_INSTAGRAM).download(address, max_bytes=100)
    assert outcome == NotSent(reason="blocked")
    assert meta.requests == []
