"""Connecting for real: consent, codes, tokens of both flavours, registration, allowances."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from channels.simulator.meta.tests.conftest import (
    DANA,
    IG,
    IG_SECRET,
    IG_TOKEN,
    PAGE,
    PAGE_TOKEN,
    PHONE,
    SECRET,
    TOKEN,
    WABA,
    Meta,
    refusal,
)
from channels.simulator.meta.tests.test_instagram import refused

BACK = "https://crm.example/back"
IG_APP, APP = "300400500", "100200300"
DAY = 86_400


def consent(meta: Meta, path: str, app_id: str, **more: str) -> requests.Response:
    query = {"client_id": app_id, "redirect_uri": BACK, "response_type": "code", "state": "s1"}
    return requests.get(f"{meta.url}/{path}", params={**query, **more}, allow_redirects=False)


def code_of(answer: requests.Response) -> str:
    assert answer.status_code == 302, answer.text
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["state"] == ["s1"]
    return query["code"][0]


def short_token(meta: Meta, code: str, **more: str) -> requests.Response:
    form = {"client_id": IG_APP, "client_secret": IG_SECRET, "code": code, "redirect_uri": BACK}
    form |= {"grant_type": "authorization_code", **more}
    return requests.post(f"{meta.url}/api.instagram.com/oauth/access_token", data=form)


def instagram_code(meta: Meta) -> str:
    meta.sim("settings", login="accept")
    scope = "instagram_business_basic,instagram_business_manage_messages"
    return code_of(consent(meta, "www.instagram.com/oauth/authorize", IG_APP, scope=scope))


def test_the_page_asks_and_takes_an_answer(meta: Meta) -> None:
    path = "www.instagram.com/oauth/authorize"
    page = consent(meta, path, IG_APP)
    links = [unescape(one) for one in re.findall(r'href="([^"]+)"', page.text)]
    assert len(links) == 2
    yes = requests.get(f"{meta.url}/{path}{links[0]}", allow_redirects=False)
    assert yes.headers["location"].endswith("#_")
    assert code_of(yes)
    no = requests.get(f"{meta.url}/{path}{links[1]}", allow_redirects=False)
    assert "error=access_denied&error_reason=user_denied" in no.headers["location"]
    assert consent(meta, path, "999").status_code == 400


def test_instagram_login_from_code_to_sixty_days(meta: Meta) -> None:
    code = instagram_code(meta)
    granted = short_token(meta, f"{code}#_").json()["data"][0]
    assert granted["user_id"] == IG
    assert granted["permissions"].split(",")[0] == "instagram_business_basic"
    query = {"grant_type": "ig_exchange_token", "client_secret": IG_SECRET}
    query["access_token"] = granted["access_token"]
    url = f"{meta.url}/graph.instagram.com/access_token"
    long = requests.get(url, params=query).json()
    assert (long["token_type"], long["expires_in"]) == ("bearer", 60 * DAY)
    assert meta.instagram("GET", "me", long["access_token"]).json() == {"id": "26001"}
    meta.sim("clock", advance_s=3601)
    assert refused(meta.instagram("GET", "me", granted["access_token"])) == (401, 190, 463)


def test_a_code_serves_once_for_its_app_and_address(meta: Meta) -> None:
    code = instagram_code(meta)
    for wrong in ({"client_secret": "x"}, {"redirect_uri": "https://b"}, {"grant_type": "x"}):
        answer = short_token(meta, code, **wrong)
        assert answer.status_code == 400
        assert set(answer.json()) == {"error_type", "code", "error_message"}
    assert short_token(meta, code).status_code == 200
    assert "used" in short_token(meta, code).json()["error_message"]
    late = instagram_code(meta)
    meta.sim("clock", advance_s=3601)
    assert "expired" in short_token(meta, late).json()["error_message"]


def refresh(meta: Meta, token: str) -> requests.Response:
    query = {"grant_type": "ig_refresh_token", "access_token": token}
    return requests.get(f"{meta.url}/graph.instagram.com/refresh_access_token", params=query)


def test_a_token_is_refreshed_between_a_day_and_sixty(meta: Meta) -> None:
    assert refused(refresh(meta, IG_TOKEN)) == (400, 100, None)
    meta.sim("clock", advance_s=DAY)
    fresh = refresh(meta, IG_TOKEN).json()
    meta.sim("clock", advance_s=59 * DAY + 10)
    assert refused(refresh(meta, IG_TOKEN)) == (401, 190, 463)
    assert meta.instagram("GET", "me", fresh["access_token"]).status_code == 200
    meta.sim("tokens", token="IGAAnarrow", ig_id=IG, age_s=2 * DAY, scopes=["x"])
    assert refused(refresh(meta, "IGAAnarrow")) == (403, 10, None)


def person_token(meta: Meta) -> Any:
    meta.sim("settings", login="accept")
    scope = "instagram_basic,instagram_manage_messages,pages_show_list,pages_manage_metadata"
    code = code_of(consent(meta, "www.facebook.com/v25.0/dialog/oauth", APP, scope=scope))
    return exchanged(meta, code=code, redirect_uri=BACK).json()


def exchanged(meta: Meta, **query: str) -> requests.Response:
    app = {"client_id": APP, "client_secret": SECRET}
    return meta.graph("GET", "oauth/access_token", None, params={**app, **query})


def test_facebook_login_from_code_to_the_tokens_of_pages(meta: Meta) -> None:
    short = person_token(meta)
    assert 7000 < short["expires_in"] <= 7200
    long = exchanged(
        meta, grant_type="fb_exchange_token", fb_exchange_token=short["access_token"]
    ).json()
    assert long["expires_in"] == 60 * DAY
    fields = {"fields": "id,name,access_token,instagram_business_account{id,username}"}
    pages = meta.graph("GET", "me/accounts", long["access_token"], params=fields).json()["data"]
    assert pages[0]["instagram_business_account"] == {"id": IG, "username": "acme.shop"}
    token = pages[0]["access_token"]
    meta.dana()
    body = {"recipient": {"id": DANA}, "message": {"text": "x"}}
    assert meta.graph("POST", f"{PAGE}/messages", token, json=body).status_code == 200
    data = debug(meta, token)
    assert (data["type"], data["expires_at"], data["profile_id"]) == ("PAGE", 0, PAGE)
    meta.sim("tokens", token=long["access_token"], action="revoke", subcode=460)
    error = meta.graph("GET", "me", token).json()["error"]
    assert (error["code"], error["error_subcode"]) == (190, 460)


def debug(meta: Meta, token: str) -> Any:
    query = {"input_token": token}
    return meta.graph("GET", "debug_token", f"{APP}|{SECRET}", params=query).json()["data"]


def test_debug_token_says_what_was_granted(meta: Meta) -> None:
    scopes = {one["scope"]: one["target_ids"] for one in debug(meta, PAGE_TOKEN)["granular_scopes"]}
    assert scopes["instagram_manage_messages"] == [IG]
    assert scopes["pages_manage_metadata"] == [PAGE]
    assert debug(meta, IG_TOKEN)["is_valid"] is False


def test_embedded_sign_up(meta: Meta) -> None:
    meta.sim("settings", login="accept")
    path = "www.facebook.com/v25.0/dialog/oauth"
    code = code_of(consent(meta, path, APP, config_id="77"))
    token = exchanged(meta, code=code, redirect_uri=BACK).json()["access_token"]
    used = exchanged(meta, code=code, redirect_uri=BACK)
    assert (refusal(used)[1], used.json()["error"]["error_subcode"]) == (100, 36009)
    granted = debug(meta, token)["granular_scopes"]
    assert {"scope": "whatsapp_business_management", "target_ids": [WABA]} in granted
    found = meta.graph("GET", f"{WABA}/phone_numbers", token).json()["data"]
    assert [one["id"] for one in found] == [PHONE]
    late = code_of(consent(meta, path, APP, config_id="77"))
    meta.sim("clock", advance_s=31)
    assert exchanged(meta, code=late).json()["error"]["error_subcode"] == 36007


def register(meta: Meta, pin: str) -> requests.Response:
    body = {"messaging_product": "whatsapp", "pin": pin}
    return meta.graph("POST", f"{PHONE}/register", json=body)


def test_a_number_is_registered_with_its_pin(meta: Meta) -> None:
    meta.sim("numbers", phone_number_id=PHONE, status="PENDING")
    meta.write()
    assert refusal(meta.send(text={"body": "x"}))[1] == 133010
    assert refusal(register(meta, "12"))[1] == 100
    assert register(meta, "123456").json() == {"success": True}
    assert meta.send(text={"body": "x"}).status_code == 200
    assert refusal(register(meta, "000000"))[1] == 133005
    for _ in range(8):
        register(meta, "123456")
    assert refusal(register(meta, "123456"))[1] == 133016


def test_a_number_must_be_verified_before(meta: Meta) -> None:
    meta.sim("numbers", phone_number_id=PHONE, code_verification_status="NOT_VERIFIED")
    assert refusal(register(meta, "123456"))[1] == 133006
    ask = {"code_method": "SMS", "language": "en_US"}
    assert meta.graph("POST", f"{PHONE}/request_code", data=ask).json() == {"success": True}
    wrong = meta.graph("POST", f"{PHONE}/verify_code", data={"code": "1"})
    assert wrong.status_code == 400
    assert meta.graph("POST", f"{PHONE}/verify_code", data={"code": "123456"}).status_code == 200
    assert register(meta, "123456").status_code == 200


def test_a_waba_loses_its_subscription(meta: Meta) -> None:
    assert meta.sim("subscriptions", waba_id=WABA) == {"subscribed": False}
    assert meta.graph("GET", f"{WABA}/subscribed_apps").json() == {"data": []}
    meta.graph("POST", f"{WABA}/subscribed_apps")
    assert meta.graph("GET", f"{WABA}/subscribed_apps").json()["data"]


def test_usage_is_shown_and_refused_at_a_hundred(meta: Meta) -> None:
    meta.sim("settings", app_usage=80, business_usage=95)
    answer = meta.graph("GET", PHONE)
    assert json.loads(answer.headers["x-app-usage"])["call_count"] == 80
    shown = json.loads(answer.headers["x-business-use-case-usage"])[WABA][0]
    assert (shown["type"], shown["call_count"]) == ("whatsapp", 95)
    meta.sim("settings", business_usage=100)
    full = meta.graph("GET", PHONE)
    assert refusal(full)[1] == 80007
    used = json.loads(full.headers["x-business-use-case-usage"])[WABA][0]
    assert used["estimated_time_to_regain_access"] > 0
    assert refused(meta.instagram("GET", "me"))[1] == 80002
    assert refusal(meta.graph("GET", "me", PAGE_TOKEN))[1] == 80006
    meta.sim("settings", app_usage=100)
    assert refusal(meta.graph("GET", PHONE))[1] == 4


def test_an_ended_version_is_answered_by_the_oldest_alive(meta: Meta) -> None:
    meta.sim("settings", oldest_version=24)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for path, served in (("v19.0/", "v24.0"), ("", "v24.0"), ("v25.0/", "v25.0")):
        answer = requests.get(f"{meta.url}/{path}{PHONE}", headers=headers)
        assert answer.headers["facebook-api-version"] == served
    unknown = requests.get(f"{meta.url}/v27.0/me")
    assert "Unknown path components" in unknown.json()["error"]["message"]
    meta.sim("settings", newest_version=27)
    assert requests.get(f"{meta.url}/v27.0/me").json()["error"]["code"] == 2500


def test_the_app_subscribes_to_instagram_with_a_handshake(meta: Meta) -> None:
    url = meta.read("state")["webhook_url"]
    body = {"object": "instagram", "callback_url": url, "verify_token": "verify-me"}
    body["fields"] = "messages"
    app = f"{APP}|{SECRET}"
    made = meta.graph("POST", f"{APP}/subscriptions", app, data=body)
    assert made.json() == {"success": True}
    listed = meta.graph("GET", f"{APP}/subscriptions", app).json()["data"]
    assert {one["object"] for one in listed} == {"whatsapp_business_account", "instagram"}
    body["verify_token"] = "wrong"
    assert refusal(meta.graph("POST", f"{APP}/subscriptions", app, data=body))[1] == 2200
