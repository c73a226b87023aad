"""Faults that the next Graph calls shall meet, and how each is acted out on the socket."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields
from typing import Any

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.instagram.errors import SUBCODES, refused
from channels.simulator.meta.records import Json
from channels.simulator.meta.settings import BadPatch

# Whether the call is carried out (the message leaves, its statuses follow) despite the fault.
ACCEPTED_BY_DEFAULT = {
    "answer": False,
    "timeout": False,
    "half_open": False,
    "reset_before": False,
    "reset_after": True,
    "drip": True,
    "invalid_json": True,
}
MATCHED = {"path", "phone", "type", "text"}
Send = Callable[[Any], Awaitable[None]]
Receive = Callable[[], Awaitable[Any]]


@dataclass
class Fault:
    """`kind` as in README.md; `count` calls that match `match` (see `MATCHED`) meet it."""

    kind: str
    count: int = 1
    code: int | None = None
    http_status: int = 0
    details: str = ""
    subcode: int | None = None
    retry_after: int | None = None
    seconds: float = 30.0
    interval_ms: int = 200
    accepted: bool = False
    is_late: bool = False
    match: dict[str, str] = field(default_factory=dict)
    hits: int = 0

    def concerns(self, path: str, phone: str, kind: str, body: Json) -> bool:
        """Whether a call to `path` by `phone`, a message of type `kind`, meets this fault."""
        wanted = self.match
        return (
            wanted.get("path", "") in path
            and wanted.get("phone", phone) == phone
            and wanted.get("type", kind) == kind
            and wanted.get("text", "") in _text_of(body)
        )

    def error(self) -> GraphError:
        """The Graph error that a fault of kind `answer` gives."""
        headers = {"retry-after": str(self.retry_after)} if self.retry_after is not None else {}
        code = self.code
        if code is None:
            code = {401: 190, 429: 4, 503: 2}.get(self.http_status, 1)
        http = self.http_status or None
        if self.subcode in SUBCODES and SUBCODES[self.subcode].code == code:
            return refused(self.subcode, self.details, http=http)
        return GraphError(code, self.details, http=http, subcode=self.subcode, headers=headers)


def parse_fault(body: Json) -> Fault:
    """Read a `fail-next` request. Raises `BadPatch` when it is not understood."""
    values = dict(body)
    kinds = [name for name in ACCEPTED_BY_DEFAULT if values.pop(name, None)]
    if "async" in values:
        values["is_late"] = bool(values.pop("async"))
    if isinstance(body.get("timeout"), (int, float)) and not isinstance(body["timeout"], bool):
        values.setdefault("seconds", float(body["timeout"]))
    if not kinds and {"code", "http_status", "retry_after"} & set(values):
        kinds = ["answer"]
    kind = values.pop("kind", kinds[0] if len(kinds) == 1 else "")
    if kind not in ACCEPTED_BY_DEFAULT:
        raise BadPatch(f"one of code, http_status, {', '.join(ACCEPTED_BY_DEFAULT)} is needed")
    unknown = set(values) - {item.name for item in fields(Fault)}
    if unknown:
        raise BadPatch(f"unknown: {', '.join(sorted(unknown))}")
    unknown = set(values.get("match", {})) - MATCHED
    if unknown:
        raise BadPatch(f"unknown in match: {', '.join(sorted(unknown))}")
    if "retry_after" in values and "code" not in values:
        values.setdefault("http_status", 429)
    values.setdefault("accepted", ACCEPTED_BY_DEFAULT[kind])
    return Fault(kind=kind, **values)


def _text_of(body: Json) -> str:
    """What a text message says, at either provider; empty for everything else."""
    for holder, name in (("text", "body"), ("message", "text")):
        part = body.get(holder)
        if isinstance(part, dict) and isinstance(part.get(name), str):
            return str(part[name])
    return ""


def take_fault(faults: list[Fault], path: str, phone: str, kind: str, body: Json) -> Fault | None:
    """The first fault that this call meets, counted down; None when there is none."""
    for fault in faults:
        if fault.concerns(path, phone, kind, body):
            fault.hits += 1
            fault.count -= 1
            if fault.count <= 0:
                faults.remove(fault)
            return fault
    return None


class FaultyAnswer:
    """An ASGI answer that carries out a connection fault instead of (or with) `body`."""

    def __init__(self, fault: Fault, status: int, body: bytes) -> None:
        self.fault = fault
        self.status = status
        self.body = body

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        kind = self.fault.kind
        if kind in ("reset_before", "reset_after"):
            await _reset(scope, receive)
        elif kind == "half_open":
            await _until_gone(receive, self.fault.seconds if self.fault.seconds != 30.0 else 3600)
        elif kind == "timeout":
            await _until_gone(receive, self.fault.seconds)
            await _reset(scope, receive)
        elif kind == "drip":
            await self._drip(send)
        else:
            await _whole(send, 200, b'{"messaging_product":"whatsapp","contacts":[{"inp')

    async def _drip(self, send: Send) -> None:
        await send(_head(self.status, len(self.body)))
        for index in range(len(self.body)):
            await asyncio.sleep(self.fault.interval_ms / 1000)
            piece = self.body[index : index + 1]
            more = index + 1 < len(self.body)
            await send({"type": "http.response.body", "body": piece, "more_body": more})


def _head(status: int, length: int) -> Json:
    headers = [
        (b"content-type", b"application/json; charset=UTF-8"),
        (b"content-length", str(length).encode()),
    ]
    return {"type": "http.response.start", "status": status, "headers": headers}


async def _whole(send: Send, status: int, body: bytes) -> None:
    await send(_head(status, len(body)))
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _until_gone(receive: Receive, seconds: float) -> None:
    """Wait until the caller hangs up, at most `seconds`."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            continue

    try:
        await asyncio.wait_for(gone(), seconds)
    except TimeoutError:
        return


async def _reset(scope: Any, receive: Receive) -> None:
    """Cut the connection with a TCP reset, which ASGI has no word for.

    The server runs in this process, so the socket is found among our descriptors by its peer. With
    a linger of zero the kernel answers with RST as soon as the server, which reads an end of file
    after the half shutdown, closes it.
    """
    client = (scope["client"][0], int(scope["client"][1]))
    connection = _socket_of(client)
    if connection is None:
        return
    with connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)
    await _until_gone(receive, 5)


def _socket_of(client: tuple[str, int]) -> socket.socket | None:
    """A duplicate of the connected socket whose peer is `client`."""
    for name in os.listdir("/dev/fd"):
        found = _duplicate(int(name))
        if found is None:
            continue
        try:
            if found.getpeername()[:2] == client:
                return found
        except OSError:
            found.close()
            continue
        found.close()
    return None


def _duplicate(descriptor: int) -> socket.socket | None:
    try:
        copy = os.dup(descriptor)
    except OSError:
        return None
    try:
        return socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        return None
