"""Talking to the edge inside the test's process, one ASGI call after the other."""

import asyncio
import hashlib
import hmac
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from webhooks.edge.settings import EdgeSettings
from webhooks.models import WebhookDelivery

SECRET, OLD_SECRET, TOKEN = b"the-app-secret", b"the-old-secret", "verify-me"


def edge_settings(spool: Path) -> EdgeSettings:
    return EdgeSettings(
        mongodb_uri=settings.MONGODB_URI,
        mongodb_name=connection.settings_dict["NAME"],
        redis_url=settings.REDIS_URL,
        spool=spool,
        app_secrets=(SECRET, OLD_SECRET),
        verify_token=TOKEN,
        key_ring=settings.KEY_RING,
        body_deadline_s=0.5,
    )


@dataclass
class Answer:
    status: int
    body: bytes


async def call(
    edge: Any, method: str, path: str, *, parts: tuple[bytes, ...] = (b"",),
    headers: tuple[tuple[bytes, bytes], ...] = (), query: str = "", complete: bool = True,
) -> Answer:  # fmt: skip
    """One request through the ASGI application; ``complete=False`` never ends the body."""
    sent: list[dict[str, Any]] = []
    waiting = list(parts)

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.sleep(60)
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting) or not complete}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": list(headers),
             "query_string": query.encode()}  # fmt: skip
    await edge(scope, receive, send)
    return Answer(sent[0]["status"], sent[1]["body"])


def signed(body: bytes, secret: bytes = SECRET) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (
            b"x-hub-signature-256",
            b"sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest().encode(),
        ),
    )


def run(spool: Path, *calls: dict[str, Any], change: dict[str, Any] | None = None) -> list[Answer]:
    """Send the calls one after the other to a new edge."""

    async def go() -> list[Answer]:
        from webhooks.edge.app import Edge

        edge = Edge(replace(edge_settings(spool), **(change or {})))
        try:
            return [await call(edge, **each) for each in calls]
        finally:
            edge.spool.close()

    return asyncio.run(go())


def post(body: bytes, headers: Any, path: str = "/webhooks/meta") -> dict[str, Any]:
    return {"method": "POST", "path": path, "parts": (body,), "headers": headers}


def kept(body: bytes) -> int:
    return sum(1 for row in WebhookDelivery.objects.all() if bytes(row.body) == body)


# The module of the application reads its environment when it is imported, as the process does.
os.environ.setdefault("META_APP_SECRET", SECRET.decode())
