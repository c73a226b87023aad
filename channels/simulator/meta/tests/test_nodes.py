"""Tokens, health nodes, subscriptions, templates and media."""

from __future__ import annotations

import hashlib
import hmac
import time

import requests

from channels.simulator.meta.tests.conftest import (
    NOA,
    OTHER_PHONE,
    OTHER_TOKEN,
    PHONE,
    SECRET,
    TOKEN,
    WABA,
    Meta,
    refusal,
    wamid_of,
)
from channels.simulator.meta.tests.receiver import Receiver

APP = f"100200300|{SECRET}"


def test_tokens_are_checked(meta: Meta) -> None:
    assert refusal(meta.graph("GET", PHONE, token=None))[:2] == (401, 190)
    assert refusal(meta.graph("GET", PHONE, token="unknown"))[:2] == (401, 190)
    foreign = meta.graph("GET", PHONE, token=OTHER_TOKEN)
    assert (foreign.status_code, foreign.json()["error"]["error_subcode"]) == (400, 33)
    missing = meta.graph("GET", "404404")
    assert (missing.status_code, missing.json()["error"]["error_subcode"]) == (400, 33)
    meta.sim("tokens", action="revoke", token=TOKEN)
    assert refusal(meta.graph("GET", PHONE))[:2] == (401, 190)
    meta.sim("tokens", action="expire", token=TOKEN)
    assert meta.graph("GET", PHONE).json()["error"]["error_subcode"] == 463
    meta.sim("tokens", action="restore", token=TOKEN)
    assert meta.graph("GET", PHONE).status_code == 200
    meta.sim("tokens", token="weak", scopes=["whatsapp_business_management"])
    assert refusal(meta.graph("POST", f"{PHONE}/messages", token="weak"))[:2] == (403, 10)


def test_debug_token_describes_good_and_bad_tokens(meta: Meta) -> None:
    def debug(value: str) -> dict[str, object]:
        answer = meta.graph("GET", "debug_token", token=APP, params={"input_token": value})
        assert answer.status_code == 200
        return dict(answer.json()["data"])

    good = debug(TOKEN)
    assert (good["is_valid"], good["expires_at"], good["app_id"]) == (True, 0, "100200300")
    scopes = good["granular_scopes"]
    assert {"scope": "whatsapp_business_messaging", "target_ids": [WABA]} in list(scopes)  # type: ignore[call-overload]
    assert debug("nonsense")["is_valid"] is False


def test_a_proof_of_the_app_secret_is_demanded_when_set(meta: Meta) -> None:
    meta.sim("settings", require_appsecret_proof=True)
    assert refusal(meta.graph("GET", PHONE))[:2] == (400, 100)
    proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert meta.graph("GET", PHONE, params={"appsecret_proof": proof}).status_code == 200


def test_versions_can_be_probed(meta: Meta) -> None:
    known = requests.get(f"{meta.url}/v26.0/me").json()["error"]
    unknown = requests.get(f"{meta.url}/v27.0/me").json()["error"]
    assert "active access token" in known["message"]
    assert "Unknown path components" in unknown["message"]
    unversioned = requests.get(f"{meta.url}/{PHONE}", headers={"Authorization": f"OAuth {TOKEN}"})
    assert unversioned.json()["id"] == PHONE


def test_a_number_tells_its_health(meta: Meta) -> None:
    wanted = {"fields": "status,quality_rating,throughput,health_status"}
    node = meta.graph("GET", PHONE, params=wanted).json()
    assert (node["id"], node["status"], node["quality_rating"]) == (PHONE, "CONNECTED", "GREEN")
    assert node["health_status"]["can_send_message"] == "AVAILABLE"
    meta.sim("numbers", phone_number_id=PHONE, status="BANNED")
    node = meta.graph("GET", PHONE, params=wanted).json()
    assert node["health_status"]["can_send_message"] == "BLOCKED"
    assert refusal(meta.send(text={"body": "x"}))[1] == 133010
    assert refusal(meta.graph("GET", PHONE, params={"fields": "mood"}))[:2] == (400, 100)
    listed = meta.graph("GET", f"{WABA}/phone_numbers").json()["data"]
    assert [item["id"] for item in listed] == [PHONE]


def test_templates_are_listed_a_page_at_a_time(meta: Meta) -> None:
    first = meta.graph("GET", f"{WABA}/message_templates", params={"limit": 3}).json()
    assert [item["name"] for item in first["data"]] == [
        "order_update",
        "welcome",
        "appointment_named",
    ]
    second = requests.get(
        first["paging"]["next"], headers={"Authorization": f"Bearer {TOKEN}"}
    ).json()
    assert [item["name"] for item in second["data"]] == ["order_feedback"]
    assert "next" not in second["paging"]
    one = meta.graph("GET", f"{WABA}/message_templates", params={"name": "welcome"}).json()
    assert len(one["data"]) == 1


def test_subscribing_shakes_hands_and_an_override_must_pass(meta: Meta, receiver: Receiver) -> None:
    assert meta.graph("POST", f"{WABA}/subscribed_apps").json() == {"success": True}
    receiver.wait(lambda: meta.read("state")["callback_verified"])
    listed = meta.graph("GET", f"{WABA}/subscribed_apps").json()["data"]
    assert listed[0]["whatsapp_business_api_data"]["id"] == "100200300"
    override = {"override_callback_uri": receiver.url + "/acme", "verify_token": "wrong"}
    refused = meta.graph("POST", f"{WABA}/subscribed_apps", json=override)
    assert refusal(refused)[1] == 2200
    override["verify_token"] = "verify-me"
    assert meta.graph("POST", f"{WABA}/subscribed_apps", json=override).status_code == 200
    fields = {"object": "whatsapp_business_account", "callback_url": receiver.url}
    fields["verify_token"] = "verify-me"
    assert meta.graph("POST", "100200300/subscriptions", token=APP, data=fields).ok
    assert receiver.handshakes == 4


def upload(meta: Meta, content: bytes, mime_type: str) -> requests.Response:
    return meta.graph(
        "POST",
        f"{PHONE}/media",
        files={"file": ("a.bin", content, mime_type)},
        data={"messaging_product": "whatsapp", "type": mime_type},
    )


def test_media_goes_up_is_sent_comes_down_and_goes_away(meta: Meta) -> None:
    meta.write()
    media_id = upload(meta, b"\x89PNG fake", "image/png").json()["id"]
    assert wamid_of(meta.send(type="image", image={"id": media_id}))
    assert refusal(meta.send(type="video", video={"id": media_id}))[:2] == (400, 131009)
    node = meta.graph("GET", media_id).json()
    assert node["sha256"] == hashlib.sha256(b"\x89PNG fake").hexdigest()
    assert requests.get(node["url"]).status_code == 401
    mine = {"Authorization": f"Bearer {TOKEN}"}
    assert requests.get(node["url"], headers=mine).content == b"\x89PNG fake"
    theirs = {"Authorization": f"Bearer {OTHER_TOKEN}"}
    assert requests.get(node["url"], headers=theirs).status_code == 404
    meta.sim("clock", offset_s=301)
    assert requests.get(node["url"], headers=mine).status_code == 404
    wrong = meta.graph("GET", media_id, params={"phone_number_id": OTHER_PHONE})
    assert refusal(wrong)[:2] == (400, 100)
    assert meta.graph("DELETE", media_id).json() == {"success": True}
    assert meta.graph("GET", media_id).status_code == 400


def test_uploads_are_limited_in_type_and_size(meta: Meta) -> None:
    assert "image/gif" in refusal(upload(meta, b"GIF", "image/gif"))[2]
    assert refusal(upload(meta, b"x" * (5 * 1024 * 1024 + 1), "image/png"))[1] == 131053


def test_a_link_that_cannot_be_fetched_fails_late(meta: Meta, receiver: Receiver) -> None:
    meta.write()
    broken = wamid_of(meta.send(type="image", image={"link": receiver.url}))
    receiver.wait(lambda: receiver.statuses_of(broken))
    assert receiver.statuses_of(broken)[0]["errors"][0]["code"] == 131053
    good = wamid_of(meta.send(type="image", image={"link": f"{meta.url}/_sim/media/{own(meta)}"}))
    receiver.wait(lambda: len(receiver.statuses_of(good)) == 2)
    assert meta.read(f"messages/{good}")["view"]["media_id"]


def own(meta: Meta) -> str:
    """A customer's own file, sent from the telephone page."""
    file = {"file": ("me.png", b"\x89PNG own", "image/png")}
    answer = meta.http.post(
        f"{meta.url}/_sim/media", files=file, data={"phone_number_id": PHONE}
    ).json()
    meta.sim("inject", phone_number_id=PHONE, **{"from": NOA}, type="image", image=answer)
    return str(answer["id"])


def test_start_of_the_clock_is_now(meta: Meta) -> None:
    assert abs(meta.read("state")["now"] - time.time()) < 2
