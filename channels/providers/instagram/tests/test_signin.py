"""From a code to accounts that can be connected, by both ways of signing in."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from channels.providers.contract import ChannelBroken, Endpoint, Rejected, Transient
from channels.providers.instagram.signin import (
    App,
    Found,
    dialog_url,
    instagram_account,
    page_accounts,
)
from channels.providers.instagram.tests.conftest import ACCOUNT, PAGE, SECRET
from channels.providers.meta.tests.server import Meta

APP = App(app_id="88", app_secret=SECRET, redirect_uri="https://crm.example/back/")
ME = {"id": "5678", "user_id": ACCOUNT, "username": "shop"}
SHORT = {"access_token": "short", "user_id": 5678, "permissions": "a, b"}
LONG = {"access_token": "long", "token_type": "bearer", "expires_in": 5183944}


def by_instagram(meta: Meta, code: str = "AQB#_") -> Any:
    codes = Endpoint(base_url=meta.base_url, version="v26.0", timeout_s=5)
    return instagram_account(APP, code, codes=codes, endpoint=codes)


def by_facebook(meta: Meta) -> Any:
    endpoint = Endpoint(base_url=meta.base_url, version="v26.0", timeout_s=5)
    return page_accounts(APP, "AQB", endpoint=endpoint)


@pytest.mark.parametrize(
    ("login", "host", "scope"),
    [
        ("instagram", "www.instagram.com", "instagram_business_manage_messages"),
        ("facebook", "www.facebook.com", "instagram_manage_messages"),
    ],
)
def test_the_dialog(login: str, host: str, scope: str) -> None:
    url = urlsplit(dialog_url(login, APP, state="s t", version="v26.0"))
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert url.hostname == host
    assert (query["state"], query["redirect_uri"]) == ("s t", APP.redirect_uri)
    assert scope in query["scope"].split(",")
    assert "secret" not in url.query


@pytest.mark.parametrize("short", [SHORT, {"data": [SHORT | {"permissions": ["a", "b"]}]}])
def test_instagram_login(meta: Meta, short: Any) -> None:
    for body in (short, LONG, ME):
        meta.answer(body)
    found = by_instagram(meta)
    assert isinstance(found, Found)
    assert found.external == {
        "login": "instagram",
        "ig_id": ACCOUNT,
        "scoped_id": "5678",
        "username": "shop",
        "instagram_app_id": "88",
    }
    assert (found.access_token, found.expires_in) == ("long", 5183944)
    assert found.permissions == ("a", "b")
    assert "long" not in repr(found)
    assert SECRET not in repr(APP)
    assert meta.asked == [
        ("POST", "/oauth/access_token"),
        ("GET", "/access_token"),
        ("GET", "/v26.0/me"),
    ]
    form = parse_qs(meta.requests[0]["body"].decode())
    assert (form["code"], form["client_secret"]) == (["AQB"], [SECRET])
    assert meta.requests[1]["query"]["access_token"] == "short"
    signed = [request["headers"]["Authorization"] for request in meta.requests]
    assert signed == [None, None, "Bearer long"]


def test_a_refused_code_is_a_matter_of_the_sign_in(meta: Meta) -> None:
    meta.answer({"error_type": "OAuthException", "code": 400, "error_message": "used"}, 400)
    assert isinstance(by_instagram(meta), Rejected)
    meta.refuse(100, 36009)
    assert isinstance(by_facebook(meta), Rejected)
    meta.refuse(190)
    assert isinstance(by_facebook(meta), Rejected)
    meta.answer({})
    assert isinstance(by_instagram(meta), Transient)
    meta.answer(SHORT)
    meta.refuse(190, status=401)
    assert isinstance(by_instagram(meta), ChannelBroken)


def test_facebook_login_finds_the_accounts_behind_the_pages(meta: Meta) -> None:
    account = {"id": ACCOUNT, "username": "shop"}
    linked = {
        "id": PAGE,
        "name": "Shop",
        "access_token": "page",
        "instagram_business_account": account,
    }
    meta.answer({"access_token": "person"})
    meta.answer({"access_token": "lasting"})
    more = {"cursors": {"after": "c1"}, "next": "https://evil.example/?access_token=x"}
    meta.answer({"data": [{"id": "2", "name": "Unlinked", "access_token": "y"}], "paging": more})
    meta.answer({"data": [linked], "paging": {"cursors": {"after": "c2"}}})
    found = by_facebook(meta)
    assert [one.external for one in found] == [
        {
            "login": "facebook",
            "ig_id": ACCOUNT,
            "username": "shop",
            "page_id": PAGE,
            "page_name": "Shop",
            "app_id": "88",
        }
    ]
    assert (found[0].access_token, found[0].expires_in) == ("page", None)
    assert [path for _, path in meta.asked] == [
        *["/v26.0/oauth/access_token"] * 2,
        *["/v26.0/me/accounts"] * 2,
    ]
    assert meta.requests[1]["query"]["fb_exchange_token"] == "person"
    assert meta.requests[2]["headers"]["Authorization"] == "Bearer lasting"
    assert [request["query"].get("after") for request in meta.requests[2:]] == [None, "c1"]


def test_a_listing_that_breaks_off_is_no_listing(meta: Meta) -> None:
    meta.answer({"access_token": "person"})
    meta.answer({"access_token": "lasting"})
    meta.refuse(200, status=403)
    assert isinstance(by_facebook(meta), ChannelBroken)
