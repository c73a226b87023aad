"""The limit of part (a): the least that makes a signed webhook durable before it is answered.

`granian --interface asgi tests.bench.bare:app`. It checks the HMAC and commits raw bodies in
groups, one journaled majority write at a time, into a scratch collection; nothing else.
"""

import asyncio
import hashlib
import hmac
import os
from collections.abc import Awaitable, Callable
from typing import Any

from bson import ObjectId
from pymongo import AsyncMongoClient
from pymongo.write_concern import WriteConcern

SECRET = os.environ.get("META_APP_SECRET", "").encode()
DATABASE, COLLECTION = "bench_limit", "raw"
Waiting = list[tuple[dict[str, Any], asyncio.Future[None]]]


class Bare:
    """One for the process; the connection is made in its loop."""

    def __init__(self) -> None:
        self._waiting: Waiting = []
        self._busy = False
        self._collection: Any = None

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        status = 200
        if scope["method"] == "POST":
            body = await _read(receive)
            status = 200 if _is_signed(scope["headers"], body) else 401
            if status == 200:
                await self._commit({"_id": ObjectId(), "body": body})
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-length", b"2")],
            }
        )
        await send({"type": "http.response.body", "body": b"OK"})

    async def _commit(self, document: dict[str, Any]) -> None:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.append((document, done))
        if not self._busy:
            self._busy = True
            self._task = loop.create_task(self._pump())
        await done

    async def _pump(self) -> None:
        if self._collection is None:
            client: Any = AsyncMongoClient(os.environ["MONGODB_URI"])
            self._collection = client[DATABASE].get_collection(
                COLLECTION, write_concern=WriteConcern("majority", j=True)
            )
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await self._collection.insert_many([document for document, _ in batch], ordered=False)
            for _, done in batch:
                done.set_result(None)
        self._busy = False


async def _read(receive: Callable[[], Awaitable[dict[str, Any]]]) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


def _is_signed(headers: list[tuple[bytes, bytes]], body: bytes) -> bool:
    expected = b"sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest().encode()
    return any(
        name == b"x-hub-signature-256" and hmac.compare_digest(value, expected)
        for name, value in headers
    )


async def _lifespan(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


app = Bare()
