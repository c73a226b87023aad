"""The ASGI application of the stream: ``GET /api/v1/stream``."""

import asyncio
import json
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings

from config.api.errors import problem, translate
from config.api.limits import demand_address
from config.errors import TooManyStreams
from config.middleware import peer_or_reported
from config.stream.access import Credentials, Listener, admit, cookie_name, same_person, tell
from config.stream.hub import Hub, Hubs
from kernel.errors import DomainError
from messaging.feed import Placed, seen_by

log = structlog.get_logger(agentName="kernel")
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
# Idle, a stream wakes every 10 seconds; so it is closed at most 20 after its listener lost access.
HEARTBEAT_S, RECHECK_S, SEND_S = 10.0, 10.0, 30.0
MOST_EACH, MOST_TENANT = 5, 200
# Events that may change what somebody may see: what follows them is sent only after asking again.
OF_ACCESS = ("member.", "team.", "role.", "api_key.", "tenant.", "settings.")

admitted: Callable[..., Any] = sync_to_async(admit, thread_sensitive=False)
told: Callable[..., Any] = sync_to_async(tell, thread_sensitive=False)
# Once a stream, before anything of what came is looked up.
counted: Callable[..., Any] = sync_to_async(demand_address, thread_sensitive=False)


class StreamApplication:
    """Admits listeners, sends each the feed from where it stopped, and closes those who lose access."""

    def __init__(self) -> None:
        self._hubs = Hubs(settings.REDIS_URL)
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._route(scope, receive, send)

    async def _route(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["path"] == "/live":
            await _json(send, 200, {"status": "ok", "listeners": sum(self._open.values()) // 2})
        elif scope["path"] == "/api/v1/stream" and scope["method"] == "GET":
            await self._stream(scope, receive, send)
        else:
            await _json(send, 404, {"code": "not_found", "status": 404, "title": "Not found"})

    async def _stream(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        credentials, query = _credentials(scope)
        try:
            await counted(credentials.ip)
            listener: Listener = await admitted(credentials)
            keys = self._take_place(listener)
        except Exception as error:  # noqa: BLE001  (every refusal is told in the API's form)
            refusal = translate(error)
            await _json(send, refusal.status, problem(refusal, ""))
            return
        hub: Hub | None = None
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await told(listener, credentials)
            hub = await self._hubs.join(listener.tenant_id)
            await self._serve(hub, credentials, listener, _position(scope, query), send, gone)
        except (OSError, TimeoutError):
            log.info("stream.dropped", tenantId=listener.tenant_id)
        finally:
            gone.cancel()
            for key in keys:
                self._open[key] -= 1
            if hub is not None:
                self._hubs.leave(hub)

    def _take_place(self, listener: Listener) -> tuple[str, str]:
        each, tenant = f"p:{listener.principal.asker}", f"t:{listener.tenant_id}"
        if self._open[each] >= MOST_EACH or self._open[tenant] >= MOST_TENANT:
            raise TooManyStreams(f"at most {MOST_EACH} streams each and {MOST_TENANT} a tenant")
        self._open[each] += 1
        self._open[tenant] += 1
        return each, tenant

    async def _serve(
        self, hub: Hub, credentials: Credentials, listener: Listener, position: int | None,
        send: Send, gone: asyncio.Task[None],
    ) -> None:  # fmt: skip
        await _start(send)
        number = hub.last if position is None else position
        if number > hub.last:
            number = hub.last
            await _send(send, f"event: resync\ndata: {json.dumps({'last': number})}\n\n")
        checked = time.monotonic()
        while not gone.done():
            events = await hub.after(number, HEARTBEAT_S)
            if time.monotonic() - checked > RECHECK_S or _touch_access(events):
                try:
                    listener = same_person(listener, await admitted(credentials))
                except DomainError as refusal:
                    await _send(
                        send, f"event: closed\ndata: {json.dumps({'code': refusal.code})}\n\n"
                    )
                    return
                checked = time.monotonic()
            if events:
                number = events[-1].number
                await _send(send, _frames(seen_by(listener.principal, events), number))
            elif not gone.done():
                await _send(send, ": still here\n\n")


def _touch_access(events: list[Placed]) -> bool:
    return any(item.event["type"].startswith(OF_ACCESS) for item in events)


def _frames(events: list[dict[str, Any]], last: int) -> str:
    """The events, and the number to go on from when the last ones are not this listener's to see."""
    frames = "".join(map(_frame, events))
    return frames if events and events[-1]["number"] == last else f"{frames}id: {last}\n\n"


def _frame(event: dict[str, Any]) -> str:
    return f"id: {event['number']}\nevent: {event['type']}\ndata: {json.dumps(event)}\n\n"


async def _start(send: Send) -> None:
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await _send(send, "retry: 2000\n\n")


async def _send(send: Send, text: str) -> None:
    """A reader that takes nothing for 30 seconds is let go."""
    async with asyncio.timeout(SEND_S):
        await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


def _credentials(scope: dict[str, Any]) -> tuple[Credentials, dict[str, list[str]]]:
    """From headers; a browser's EventSource, which sends no header, names its tenant in the query."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(cookie_name())
    except CookieError:
        cookie = None
    return Credentials(
        bearer=bearer.strip() if scheme.lower() == "bearer" else "",
        session_token=headers.get("x-session-token", ""),
        session_cookie=cookie.value if cookie else "",
        tenant=headers.get("x-tenant", "") or query.get("tenant", [""])[0],
        impersonation=headers.get("x-impersonation", ""),
        ip=peer_or_reported(
            (scope.get("client") or ("", 0))[0], headers.get("x-forwarded-for", "")
        ),
    ), query


def _position(scope: dict[str, Any], query: dict[str, list[str]]) -> int | None:
    """Where the listener stopped: ``Last-Event-ID`` or ``?after=``; None for anything unreadable."""
    given = dict(scope["headers"]).get(b"last-event-id", b"").decode("latin-1")
    text = given or query.get("after", [""])[0]
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


async def _json(send: Send, status: int, body: dict[str, Any]) -> None:
    kind = b"application/json" if status < 400 else b"application/problem+json"
    headers = [(b"content-type", kind), (b"cache-control", b"no-store")]
    if status in (429, 503):
        wait = max(1, math.ceil(body.get("retry_after_s", 2)))
        headers.append((b"retry-after", str(wait).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


async def _lifespan(receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
