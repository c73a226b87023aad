"""Health in sentences, what an account is, its subscription and its token, by both logins."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.providers.contract import (
    Accepted,
    ChannelBroken,
    Credentials,
    Endpoint,
    Transient,
)
from channels.providers.instagram.errors import CLASSIFIER
from channels.providers.instagram.login import SCOPES
from channels.providers.instagram.tests.conftest import (
    ACCOUNT,
    BY_FACEBOOK,
    BY_INSTAGRAM,
    PAGE,
    SECRET,
    TOKEN,
    client_of,
)
from channels.providers.instagram.tokens import Refreshed, exchange, is_due
from channels.providers.meta.graph import Graph
from channels.providers.meta.tests.server import Meta

ME = {"id": "5678", "user_id": ACCOUNT, "username": "shop", "account_type": "BUSINESS"}
PAGE_NODE = {
    "id": PAGE,
    "name": "Shop",
    "instagram_business_account": {"id": ACCOUNT, "username": "shop"},
}
NONE_YET: dict[str, Any] = {"data": []}
FIELDS = ["messages", "comments"]


def debugged(**more: Any) -> dict[str, Any]:
    scopes = list(SCOPES["facebook"])
    return {"data": {"is_valid": True, "expires_at": 0, "scopes": scopes} | more}


def listed(app: str) -> dict[str, Any]:
    return {"data": [{"id": app, "subscribed_fields": FIELDS}]}


def test_a_healthy_account_by_instagram_login(meta: Meta) -> None:
    for body in (ME, NONE_YET, listed("88")):
        meta.answer(body)
    checks = client_of(meta, BY_INSTAGRAM).check()
    assert [check.name for check in checks] == ["token", "account", "messages", "subscription"]
    assert all(check.ok and check.sentence.endswith(".") for check in checks)
    assert [path for _, path in meta.asked] == [
        "/v26.0/me",
        f"/v26.0/{ACCOUNT}/conversations",
        f"/v26.0/{ACCOUNT}/subscribed_apps",
    ]


def test_a_healthy_account_through_its_page(meta: Meta) -> None:
    for body in (PAGE_NODE, debugged(), NONE_YET, listed("77")):
        meta.answer(body)
    checks = client_of(meta, BY_FACEBOOK).check()
    assert [check.name for check in checks] == [
        "token",
        "permissions",
        "account",
        "messages",
        "subscription",
    ]
    assert all(check.ok and check.sentence.endswith(".") for check in checks)
    assert meta.requests[1]["headers"]["Authorization"] == f"Bearer 77|{SECRET}"
    assert meta.requests[1]["query"]["input_token"] == TOKEN


@pytest.mark.parametrize(
    ("me", "apps", "broken"),
    [
        (ME | {"user_id": "17841400000000099"}, listed("88"), ["account"]),
        (ME | {"account_type": "PERSONAL"}, listed("88"), ["account"]),
        (ME, NONE_YET, ["subscription"]),
        (ME, listed("99"), ["subscription"]),
        (ME, {"data": [{"id": "88", "subscribed_fields": ["feed"]}]}, ["subscription"]),
        ([], listed("88"), ["token", "account"]),
    ],
)
def test_what_is_wrong_is_said(meta: Meta, me: Any, apps: Any, broken: list[str]) -> None:
    for body in (me, NONE_YET, apps):
        meta.answer(body)
    checks = client_of(meta, BY_INSTAGRAM).check()
    assert [check.name for check in checks if not check.ok] == broken
    assert all(TOKEN not in check.sentence for check in checks)


@pytest.mark.parametrize(
    ("code", "subcode", "said"),
    [
        (36103, None, "may not use the API"),
        (200, 2534041, "Connected tools"),
        (10, 2534077, "second factor"),
        (4, None, "call limit"),
    ],
)
def test_access_to_messages_is_tried(meta: Meta, code: int, subcode: int | None, said: str) -> None:
    meta.answer(ME)
    meta.refuse(code, subcode)
    meta.answer(listed("88"))
    failed = [check for check in client_of(meta, BY_INSTAGRAM).check() if not check.ok]
    assert [check.name for check in failed] == ["messages"]
    assert said in failed[0].sentence


@pytest.mark.parametrize(
    ("debug", "page", "broken"),
    [
        (debugged(is_valid=False, error={"message": "Expired."}), PAGE_NODE, ["token"]),
        (debugged(expires_at=1700000000), PAGE_NODE, ["token"]),
        (debugged(data_access_expires_at=1700000000), PAGE_NODE, ["token"]),
        (debugged(scopes=["instagram_basic"]), PAGE_NODE, ["permissions"]),
        (debugged(), {"id": PAGE, "name": "Shop"}, ["account"]),
    ],
)
def test_what_is_wrong_with_a_page_is_said(
    meta: Meta, debug: Any, page: Any, broken: list[str]
) -> None:
    for body in (page, debug, NONE_YET, listed("77")):
        meta.answer(body)
    checks = client_of(meta, BY_FACEBOOK).check()
    assert [check.name for check in checks if not check.ok] == broken


def test_describe(meta: Meta) -> None:
    meta.answer(ME | {"followers_count": 12})
    by_instagram = client_of(meta, BY_INSTAGRAM).describe()
    assert isinstance(by_instagram, dict)
    assert (by_instagram["ig_id"], by_instagram["scoped_id"]) == (ACCOUNT, "5678")
    assert by_instagram["followers_count"] == 12
    meta.answer(PAGE_NODE)
    by_page = client_of(meta, BY_FACEBOOK).describe()
    assert isinstance(by_page, dict)
    assert (by_page["ig_id"], by_page["page_id"], by_page["page_name"]) == (ACCOUNT, PAGE, "Shop")
    assert set(by_page) == set(by_instagram)
    meta.refuse(190, 463, 401)
    assert isinstance(client_of(meta, BY_INSTAGRAM).describe(), ChannelBroken)


@pytest.mark.parametrize(("external", "node"), [(BY_INSTAGRAM, ACCOUNT), (BY_FACEBOOK, PAGE)])
def test_subscription(meta: Meta, external: dict[str, str], node: str) -> None:
    client = client_of(meta, external)
    meta.answer({"success": True})
    assert client.subscribe() == Accepted(external_id=node)
    assert "messages" in meta.requests[0]["query"]["subscribed_fields"].split(",")
    meta.answer(listed("88" if node == ACCOUNT else "77"))
    assert client.is_subscribed() is True
    meta.answer(NONE_YET)
    assert client.is_subscribed() is False
    meta.answer({"success": True})
    assert client.unsubscribe() == Accepted(external_id=node)
    path = f"/v26.0/{node}/subscribed_apps"
    assert meta.asked == [("POST", path), ("GET", path), ("GET", path), ("DELETE", path)]
    meta.answer({"success": False})
    assert isinstance(client.subscribe(), Transient)
    meta.refuse(200)
    assert isinstance(client.is_subscribed(), ChannelBroken)


# ---------------------------------------------------------------------------------- tokens


def test_a_token_is_renewed_where_it_ends(meta: Meta) -> None:
    client = client_of(meta, BY_INSTAGRAM)
    meta.answer({"access_token": "IGAAnew", "token_type": "bearer", "expires_in": 5183944})
    renewed = client.refresh_token()
    assert renewed == Refreshed(access_token="IGAAnew", expires_in=5183944)
    assert "IGAAnew" not in repr(renewed)
    assert meta.asked == [("GET", "/refresh_access_token")]
    query = {"grant_type": "ig_refresh_token", "access_token": TOKEN}
    assert meta.requests[0]["query"] == query
    meta.refuse(190, 463, 401)
    assert isinstance(client.refresh_token(), ChannelBroken)
    for body in ({}, {"access_token": "x"}, {"expires_in": 5}):
        meta.answer(body)
        assert isinstance(client.refresh_token(), Transient)
    assert client_of(meta, BY_FACEBOOK).refresh_token() is None


def test_a_short_token_is_exchanged(meta: Meta) -> None:
    credentials = Credentials(access_token="short", app_secret=SECRET)
    endpoint = Endpoint(base_url=meta.base_url, version="v26.0", timeout_s=5)
    meta.answer({"access_token": "long", "expires_in": "5183944"})
    graph = Graph(credentials, endpoint, CLASSIFIER, has_proof=False)
    assert exchange(graph) == Refreshed(access_token="long", expires_in=5183944)
    assert meta.asked == [("GET", "/access_token")]
    assert meta.requests[0]["query"]["client_secret"] == SECRET


def test_a_token_is_due_from_its_24th_hour_and_near_its_end() -> None:
    now = datetime(2026, 10, 5, tzinfo=UTC)
    day, moment = timedelta(days=1), timedelta(seconds=1)
    old, soon = now - 50 * day, now + 10 * day
    assert is_due(issued_at=old, expires_at=soon, now=now)
    assert is_due(issued_at=now - day, expires_at=now + moment, now=now)
    assert not is_due(issued_at=old, expires_at=soon + moment, now=now)
    assert not is_due(issued_at=now - day + moment, expires_at=soon, now=now)
    assert not is_due(issued_at=old, expires_at=now, now=now)
