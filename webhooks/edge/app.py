"""The ASGI application: ``granian --interface asgi webhooks.edge.app:app``."""

import hmac
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import structlog

from channels.verification import verify_token_of
from kernel.collecting import settle
from kernel.logging import configure
from kernel.mongo.group_commit import Store
from webhooks.edge.bell import Bell
from webhooks.edge.deadlines import Deadlines
from webhooks.edge.intake import Intake
from webhooks.edge.secrets import ChannelSecrets
from webhooks.edge.settings import EdgeSettings, from_environment
from webhooks.edge.signature import is_signed
from webhooks.edge.spool import Spool, SpoolFull

log = structlog.get_logger(agentName="webhook")
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
CHANNEL = re.compile(r"^/webhooks/channels/([0-9a-f]{24})$")
CHALLENGE = re.compile(r"^[A-Za-z0-9._~-]{1,200}$")


class TooLarge(Exception):
    """The body is over the limit."""


class Gone(Exception):
    """The sender went away before the body was complete."""


class Edge:
    """Reads, verifies, makes durable, answers. Nothing is parsed here."""

    def __init__(self, settings: EdgeSettings) -> None:
        self.settings = settings
        self.store = Store(
            settings.mongodb_uri, settings.mongodb_name, timeout_s=settings.write_timeout_s
        )
        self.spool = Spool(settings.spool, settings.spool_max_bytes)
        self.intake = Intake(self.store, self.spool, Bell(self.store, settings.redis_url))
        self.secrets = ChannelSecrets(self.store, settings.key_ring)
        self.refused = 0
        self._deadlines = Deadlines(settings.body_deadline_s)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            status, body = await self._answer(scope, receive)
            await _respond(send, status, body)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.intake.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scope: dict[str, Any], receive: Receive) -> tuple[int, bytes]:
        path, method = scope["path"], scope["method"]
        channel = CHANNEL.match(path)
        if path == "/webhooks/meta" or channel:
            if method == "GET":
                return self._handshake(scope, channel[1] if channel else "")
            if method == "POST":
                return await self._receive(scope, receive, channel[1] if channel else "")
            return 405, b""
        if path == "/live":
            return 200, b'{"status":"ok"}'
        if path == "/ready":
            return await self._ready()
        return 404, b""

    def _handshake(self, scope: dict[str, Any], channel_id: str) -> tuple[int, bytes]:
        """Meta asks whether we know the address's verify token; its challenge comes back as plain text."""
        ours = self.settings.verify_token
        expected = verify_token_of(channel_id, ours) if channel_id else ours
        query = parse_qs(scope["query_string"].decode("latin-1"))
        mode, token, challenge = (
            query.get(f"hub.{name}", [""])[0] for name in ("mode", "verify_token", "challenge")
        )
        known = bool(ours) and hmac.compare_digest(token.encode(), expected.encode())
        if mode != "subscribe" or not known or not CHALLENGE.match(challenge):
            return 403, b""
        return 200, challenge.encode()

    async def _receive(
        self, scope: dict[str, Any], receive: Receive, channel_id: str
    ) -> tuple[int, bytes]:
        try:
            body = await self._deadlines.within(self._read(scope, receive))
        except TooLarge:
            return 413, b""
        except TimeoutError:
            return 408, b""
        except Gone:
            return 400, b""
        secrets = await self.secrets.of(channel_id) if channel_id else self.settings.app_secrets
        if not is_signed(body, scope["headers"], secrets):
            self.refused += 1
            return 401, b""
        try:
            await self.intake.accept(f"channel:{channel_id}" if channel_id else "meta", body)
        except SpoolFull:
            log.error("spool.full")
            return 503, b""
        return 200, b"OK"

    async def _read(self, scope: dict[str, Any], receive: Receive) -> bytes:
        limit = self.settings.max_body
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value) > limit:
                raise TooLarge
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            part = message.get("body", b"")
            size += len(part)
            if size > limit:
                raise TooLarge
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)

    async def _ready(self) -> tuple[int, bytes]:
        """Ready while webhooks can be made durable, be it in the spool."""
        state = self.intake.state
        room = state["spool_bytes"] < self.settings.spool_max_bytes * 0.9
        body = {"database": await self.store.ping(), "spool": room, **state}
        return (200 if room else 503), json.dumps(body).encode()


async def _respond(send: Send, status: int, body: bytes) -> None:
    await send({
        "type": "http.response.start",
        "status": status,
        "headers": [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"x-content-type-options", b"nosniff"),
        ],
    })  # fmt: skip
    await send({"type": "http.response.body", "body": body})


configure(json=True)
app = Edge(from_environment())
settle()
