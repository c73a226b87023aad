"""The event stream of whoever may listen no longer ends: at once where the feed tells of it, else within 30 s."""

import asyncio
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from config.stream.app import StreamApplication
from kernel.models import Lane
from kernel.scoping.context import outside_scope
from kernel.work.drain import drain
from tenants.permissions import Permission as P
from tenants.services.api_keys import create_api_key, revoke_api_key
from tenants.services.members import add_member, change_member, remove_member
from tenants.services.roles import change_role, create_role
from tenants.services.settings import change_settings
from tenants.services.tenant import suspend_tenant
from tests import factories

in_thread_of: Callable[..., Any] = partial(sync_to_async, thread_sensitive=False)
in_thread: Callable[..., Any] = sync_to_async(lambda body: body(), thread_sensitive=False)


@pytest.fixture
def shop(world):
    with outside_scope():
        Lane.objects.filter(kind="relay").delete()
    with factories.inside(world):
        yield world


async def _listen(
    token: str, change: Callable[[], Any], *, relayed: bool
) -> tuple[float, list[str]]:
    said: list[str] = []
    started, never = asyncio.Event(), asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        said.append(message.get("body", b"").decode())
        started.set()

    async def receive() -> dict[str, Any]:
        await never.wait()
        return {"type": "http.disconnect"}

    headers = [(b"authorization", f"Bearer {token}".encode())]
    scope = {"type": "http", "path": "/api/v1/stream", "method": "GET", "headers": headers,
             "query_string": b"", "client": ("192.0.2.1", 1)}  # fmt: skip
    stream = asyncio.create_task(StreamApplication()(scope, receive, send))
    await asyncio.wait_for(started.wait(), 5)
    await asyncio.sleep(0.2)
    began = time.monotonic()
    await in_thread(change)
    if relayed:
        await in_thread(lambda: drain("relay", seconds=5))
    await asyncio.wait_for(stream, 40)
    return time.monotonic() - began, said


def listen(world: Any, change: Callable[[], Any], token: str, *, relayed: bool = True) -> Any:
    def inside() -> None:
        with factories.inside(world):
            change()

    with outside_scope():
        seconds, said = asyncio.run(_listen(token, inside, relayed=relayed))
    code = json.loads(said[-1].split("data: ")[1])["code"]
    assert said[-1].startswith("event: closed")
    return seconds, code, "".join(said[:-1])


def key_of(member: Any, world: Any) -> str:
    """A key of the member's: it ends with what the member may."""
    from tenants.access import acting
    from tenants.principals import principal_of_member

    with acting(principal_of_member(member)):
        return create_api_key(name="k", scopes=[P.EVENTS_READ])[1]


def test_a_suspended_tenants_stream_ends_within_half_a_minute_whatever_the_feed_says(shop):
    _, token = create_api_key(name="k", scopes=[P.EVENTS_READ])
    suspend = lambda: suspend_tenant(tenant=shop.tenant, reason="unpaid")  # noqa: E731
    seconds, code, _ = listen(shop, suspend, token, relayed=False)
    assert seconds < 30
    assert code == "tenant_suspended"


def test_the_stream_of_a_revoked_key_ends_before_it_is_shown_more(shop):
    key, token = create_api_key(name="k", scopes=[P.EVENTS_READ])
    seconds, code, shown = listen(shop, lambda: revoke_api_key(key_id=key.pk), token)
    assert (seconds < 10, code) == (True, "invalid_api_key")
    assert "api_key.revoked" not in shown


def test_the_streams_of_removed_and_lowered_members_end(shop):
    role = create_role(name="Watcher", permissions=[P.EVENTS_READ, P.API_KEYS_MANAGE])
    ways: list[tuple[Callable[[Any], Any], str]] = [
        (lambda member: remove_member(member_id=member.pk), "invalid_api_key"),
        (lambda member: change_member(member_id=member.pk, status="disabled"), "invalid_api_key"),
        (lambda member: change_role(role_id=role.pk, permissions=[]), "permission_denied"),
    ]
    for way, expected in ways:
        member = add_member(email=factories.person().email, role=role.key)
        token = key_of(member, shop)
        seconds, code, _ = listen(shop, lambda way=way, member=member: way(member), token)
        assert (seconds < 10, code) == (True, expected)


def test_the_stream_from_an_address_that_is_no_longer_admitted_ends(shop):
    from kernel.actor import Actor, acting_as

    _, token = create_api_key(name="k", scopes=[P.EVENTS_READ])

    def narrow() -> None:
        with acting_as(Actor(kind="member", ip="203.0.113.5")):
            change_settings(ip_allow_list=["203.0.113.0/24"])

    assert listen(shop, narrow, token)[1] == "address_not_allowed"


def test_an_address_is_admitted_to_streams_only_so_often(settings: Any, monkeypatch: Any) -> None:
    settings.RATE_ADDRESS, asked = 0.2, []
    monkeypatch.setattr(
        "config.stream.app.admitted", in_thread_of(lambda credentials: asked.append(credentials.ip))
    )
    address, said = f"198.51.100.{factories.digits(2)}:{factories.digits()}", []

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "path": "/api/v1/stream", "method": "GET", "headers": [],
             "query_string": b"", "client": (address, 1)}  # fmt: skip

    async def many() -> None:
        for _ in range(5):
            await StreamApplication()(scope, receive, send)

    asyncio.run(many())
    assert 2 <= len(asked) <= 3
    refused = [message for message in said if message.get("status") == 429]
    assert len(refused) == 5 - len(asked)
    assert dict(refused[-1]["headers"])[b"retry-after"].isdigit()
