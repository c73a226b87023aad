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
)
from channels.providers.events import Identity
from channels.providers.whatsapp.client import WhatsAppClient
from channels.providers.whatsapp.tests.conftest import EXTERNAL, SECRET, TOKEN, Meta

SENT = {"contacts": [{"wa_id": "972501234567"}], "messages": [{"id": "wamid.1"}]}


# ------------------------------------------------------------------------------------ send


def test_send_carries_token_proof_and_body(meta: Meta) -> None:
    meta.answer(SENT)
    outcome = meta.client().send({"type": "text", "text": {"body": "שלום"}})
    alias = Identity(kind="wa_id", value="972501234567")
    assert outcome == Accepted(external_id="wamid.1", alias=alias)
    request = meta.requests[0]
    assert (request["method"], request["path"]) == ("POST", "/v26.0/2099/messages")
    assert json.loads(request["body"])["text"]["body"] == "שלום"
    assert request["headers"]["Authorization"] == f"Bearer {TOKEN}"
    assert request["headers"]["User-Agent"] == "Switchboard/1"
    proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert request["query"] == {"appsecret_proof": proof}


def test_send_without_secret_has_no_proof_and_ids_cannot_leave_their_place(meta: Meta) -> None:
    meta.answer(SENT)
    meta.client(secret="", phone_number_id="../me").send({})
    assert meta.requests[0]["query"] == {}
    assert meta.requests[0]["path"] == "/v26.0/..%2Fme/messages"


def test_the_alias_is_a_bsuid_where_the_phone_is_hidden(meta: Meta) -> None:
    meta.answer({"contacts": [{"user_id": "IL.482"}], "messages": [{"id": "wamid.2"}]})
    outcome = meta.client().send({})
    assert outcome == Accepted(external_id="wamid.2", alias=Identity(kind="bsuid", value="IL.482"))


@pytest.mark.parametrize(
    "body",
    [{}, [], b"", b"<html>", {"messages": []}, {"messages": [{}]}, {"messages": "x"},
     *({"messages": [{"id": id_}]} for id_ in (17, 1.5, True, None, "", " ", ["a"], {"id": "a"}))],
)  # fmt: skip
def test_success_without_an_id_stays_unknown(meta: Meta, body: Any) -> None:
    meta.answer(body)
    assert isinstance(meta.client().send({}), Unknown)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"code": 131047, "error_data": {"details": "24 h"}}, Rejected),
        (401, {"code": 190, "error_subcode": 463}, ChannelBroken),
        (429, {"code": 130429}, Throttled),
        (500, {"code": 131000}, Transient),
        (503, None, Transient),
        (504, None, Unknown),
    ],
)
def test_refusals_of_a_send(meta: Meta, status: int, error: Any, kind: type) -> None:
    meta.answer({"error": error} if error else b"<html>", status, Retry_After="3")
    assert isinstance(meta.client().send({}), kind)


def test_no_server_means_not_sent(meta: Meta) -> None:
    client = WhatsAppClient(
        EXTERNAL,
        Credentials(access_token=TOKEN),
        Endpoint(base_url="http://127.0.0.1:9", version="v26.0", timeout_s=2),
    )
    assert client.send({}) == NotSent(reason="refused")
    assert client.mark_read("wamid.1", typing=False) == NotSent(reason="refused")
    assert isinstance(client.download("1", max_bytes=10), NotSent)
    assert client.describe() == NotSent(reason="refused")
    assert client.templates() == NotSent(reason="refused")
    assert not any(check.ok for check in client.check())


def test_a_token_that_fits_no_header_breaks_the_channel(meta: Meta) -> None:
    client = meta.client(token="EAA\nX: y")
    assert isinstance(client.send({}), ChannelBroken)
    assert isinstance(client.subscribe(), ChannelBroken)
    assert [check.ok for check in client.check()] == [False]
    assert isinstance(client.describe(), ChannelBroken)
    assert meta.requests == []


def test_a_secret_never_shows_in_a_repr() -> None:
    assert SECRET not in repr(Credentials(access_token=TOKEN, app_secret=SECRET))


# ---------------------------------------------------------------------- read, upload, subscribe


def test_mark_read_with_typing(meta: Meta) -> None:
    meta.answer({"success": True})
    assert meta.client().mark_read("wamid.9", typing=True) == Accepted(external_id="wamid.9")
    assert json.loads(meta.requests[0]["body"])["typing_indicator"] == {"type": "text"}
    meta.answer(b"", 504)
    assert isinstance(meta.client().mark_read("wamid.9", typing=False), Transient)


def test_upload(meta: Meta) -> None:
    meta.answer({"id": 840})
    assert meta.client().upload(b"\x89PNG", "image/png", 'a "b".png') == "840"
    request = meta.requests[0]
    assert request["path"] == "/v26.0/2099/media"
    for part in (b'name="messaging_product"\r\n\r\nwhatsapp', b"image/png", b"\x89PNG"):
        assert part in request["body"]
    meta.answer({"error": {"code": 131053}}, 400)
    assert isinstance(meta.client().upload(b"x", "image/png", ""), Rejected)
    meta.answer({})
    assert isinstance(meta.client().upload(b"x", "image/png", ""), Transient)


def test_subscribe(meta: Meta) -> None:
    meta.answer({"success": True})
    assert meta.client().subscribe() == Accepted(external_id="3011")
    assert meta.requests[0]["path"] == "/v26.0/3011/subscribed_apps"
    meta.answer({"error": {"code": 200}}, 403)
    assert isinstance(meta.client().subscribe(), ChannelBroken)


# -------------------------------------------------------------------------------- download


def described(meta: Meta, **more: Any) -> dict[str, Any]:
    digest = hashlib.sha256(b"bytes").hexdigest()
    url = f"{meta.base_url}/lookaside?mid=1"
    return {"url": url, "mime_type": "image/png", "sha256": digest, "file_size": "5"} | more


def test_download_sends_the_token_and_no_proof_to_the_file(meta: Meta) -> None:
    meta.answer(described(meta))
    meta.answer(b"bytes", Content_Type="image/png")
    found = meta.client().download("840", max_bytes=100)
    digest = hashlib.sha256(b"bytes").hexdigest()
    assert found == Downloaded(data=b"bytes", mime_type="image/png", sha256=digest)
    about, file = meta.requests
    assert about["path"] == "/v26.0/840"
    assert about["query"]["phone_number_id"] == "2099"
    assert file["query"] == {"mid": "1"}
    assert file["headers"]["Authorization"] == f"Bearer {TOKEN}"


def test_an_expired_address_is_renewed_once(meta: Meta) -> None:
    for _ in range(2):
        meta.answer(described(meta))
        meta.answer(b"", 404)
    assert isinstance(meta.client().download("840", max_bytes=100), Transient)
    assert len(meta.requests) == 4
    meta.answer(described(meta))
    meta.answer(b"", 404)
    meta.answer(described(meta))
    meta.answer(b"bytes")
    assert isinstance(meta.client().download("840", max_bytes=100), Downloaded)


def test_a_lost_file_does_not_break_the_channel(meta: Meta) -> None:
    meta.answer({"error": {"code": 100, "error_subcode": 33}}, 400)
    outcome = meta.client().download("840", max_bytes=100)
    assert isinstance(outcome, Rejected)
    meta.answer({"error": {"code": 190}}, 401)
    assert isinstance(meta.client().download("840", max_bytes=100), ChannelBroken)


def test_files_that_are_too_large_are_refused_before_and_during(meta: Meta) -> None:
    meta.answer(described(meta, file_size=101))
    assert isinstance(meta.client().download("840", max_bytes=100), Rejected)
    meta.answer(described(meta))
    meta.answer(b"x" * 101)
    assert isinstance(meta.client().download("840", max_bytes=100), Rejected)


def test_a_page_is_not_taken_for_the_file(meta: Meta) -> None:
    meta.answer(described(meta))
    meta.answer(b"<html>log in", Content_Type="text/html; charset=utf-8")
    assert isinstance(meta.client().download("840", max_bytes=100), Transient)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "http://lookaside.fbsbx.com/x",
        "https://evilfbsbx.com/",
        "https://lookaside.fbsbx.com.evil.example/",
        "http://localhost:{port}/lookaside",
        "//[",
    ],
)
def test_the_token_goes_to_metas_hosts_only(meta: Meta, url: str) -> None:
    meta.answer(described(meta, url=url.format(port=meta.server.server_port)))
    assert meta.client().download("840", max_bytes=100) == NotSent(reason="blocked")
    assert len(meta.requests) == 1


def test_a_description_without_address_is_no_answer(meta: Meta) -> None:
    meta.answer(described(meta, url=""))
    assert isinstance(meta.client().download("840", max_bytes=100), Transient)


# ------------------------------------------------------------------------------- templates


def page(names: list[str], after: str = "", **more: str) -> dict[str, Any]:
    data = [{"name": name, "language": "en", "a.b": 2**60} for name in names]
    return {"data": data, "paging": {"cursors": {"before": "b", "after": after}, **more}}


def test_templates_are_listed_to_the_last_page_without_following_links(meta: Meta) -> None:
    meta.answer(page(["one", "two"], "c1", next="https://evil.example/?access_token=x"))
    meta.answer(page(["three"], "c2"))
    found = meta.client().templates()
    assert isinstance(found, list)
    assert [entry["name"] for entry in found] == ["one", "two", "three"]
    assert found[0]["a\uff0eb"] == str(2**60)
    assert [request["query"].get("after") for request in meta.requests] == [None, "c1"]
    assert meta.requests[0]["path"] == "/v26.0/3011/message_templates"


def test_a_listing_that_breaks_off_is_no_listing(meta: Meta) -> None:
    meta.answer(page(["one"], "c1", next="https://graph.example/next"))
    meta.answer({"error": {"code": 80007}}, 400)
    assert isinstance(meta.client().templates(), Throttled)
    meta.answer(page(["one"], "c1", next="n"))
    meta.answer(page(["two"], "c1", next="n"))
    found = meta.client().templates()
    assert isinstance(found, list)
    assert len(found) == 2


def test_ids_that_are_not_set_are_refused_without_a_call(meta: Meta) -> None:
    client = meta.client(phone_number_id="", waba_id="")
    for outcome in (client.describe(), client.templates(), client.subscribe()):
        assert isinstance(outcome, Rejected)
    assert meta.requests == []


def test_a_number_is_registered_and_its_account_let_go(meta: Meta) -> None:
    for _ in range(2):
        meta.answer({"success": True})
    assert meta.client().register("123456") == Accepted(external_id="2099")
    assert meta.client().unsubscribe() == Accepted(external_id="3011")
    asked = [(r["method"], r["path"]) for r in meta.requests]
    assert asked == [("POST", "/v26.0/2099/register"), ("DELETE", "/v26.0/3011/subscribed_apps")]
    body = json.loads(meta.requests[0]["body"])
    assert body == {"messaging_product": "whatsapp", "pin": "123456"}


def test_whether_our_app_gets_the_accounts_webhooks(meta: Meta) -> None:
    ours = {"whatsapp_business_api_data": {"id": "77"}}
    other = {"whatsapp_business_api_data": {"id": "78"}}
    for listed in ([other, ours], [other]):
        meta.answer({"data": listed})
    assert [meta.client().is_subscribed() for _ in range(2)] == [True, False]
    meta.answer({"error": {"code": 190, "message": "no"}}, 400)
    assert isinstance(meta.client().is_subscribed(), ChannelBroken)
