"""A small pooled HTTP/1.1 client over asyncio streams, for webhooks, handshakes and media links."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

BODY_LIMIT = 120 * 1024 * 1024


class CallFailed(Exception):
    """No complete HTTP answer came back; the text says why."""


@dataclass
class Answer:
    """An HTTP answer; header names in lower case, `elapsed_ms` until the last byte."""

    status: int
    headers: dict[str, str]
    body: bytes
    elapsed_ms: float


@dataclass
class _Link:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Client:
    """Keeps connections alive and reuses them; at most as many are open as calls run at once."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, str, int], list[_Link]] = {}

    async def call(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        timeout_s: float = 10.0,
    ) -> Answer:
        """One HTTP call. Redirects are not followed. Raises `CallFailed`."""
        try:
            return await asyncio.wait_for(self._call(method, url, body, headers or {}), timeout_s)
        except TimeoutError:
            raise CallFailed(f"no answer within {timeout_s:g} s") from None
        except (OSError, EOFError, ValueError, IndexError) as error:
            raise CallFailed(f"{type(error).__name__}: {error}") from error

    async def _call(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        started = time.perf_counter()
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        origin = (parts.scheme, parts.hostname or "", parts.port or (443 if secure else 80))
        link = self._reusable(origin) or await _connect(origin)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        if body or method == "POST":
            head.append(f"Content-Length: {len(body)}")
        keep = False
        try:
            link.writer.write("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)
            await link.writer.drain()
            status, answer_headers, content = await _read(link.reader, method)
            keep = answer_headers.get("connection", "").lower() != "close"
        finally:
            if keep:
                self._idle.setdefault(origin, []).append(link)
            else:
                link.writer.close()
        elapsed = (time.perf_counter() - started) * 1000
        return Answer(status, answer_headers, content, elapsed)

    def _reusable(self, origin: tuple[str, str, int]) -> _Link | None:
        idle = self._idle.get(origin, [])
        while idle:
            link = idle.pop()
            if not link.reader.at_eof() and not link.writer.is_closing():
                return link
            link.writer.close()
        return None

    def close(self) -> None:
        """Drop the idle connections."""
        for links in self._idle.values():
            for link in links:
                link.writer.close()
        self._idle.clear()


async def _connect(origin: tuple[str, str, int]) -> _Link:
    scheme, host, port = origin
    context = ssl.create_default_context() if scheme == "https" else None
    return _Link(*await asyncio.open_connection(host, port, ssl=context))


async def _read(reader: asyncio.StreamReader, method: str) -> tuple[int, dict[str, str], bytes]:
    status = 100
    while status < 200 and status != 101:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ", 2)[1])
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if method == "HEAD" or status in (204, 304):
        return status, headers, b""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return status, headers, await _read_chunks(reader)
    if "content-length" in headers:
        length = int(headers["content-length"])
        if length > BODY_LIMIT:
            raise ValueError("the answer is too large")
        return status, headers, await reader.readexactly(length)
    headers["connection"] = "close"
    return status, headers, await reader.read(BODY_LIMIT)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    pieces: list[bytes] = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        pieces.append(await reader.readexactly(size))
        await reader.readexactly(2)
        if sum(map(len, pieces)) > BODY_LIMIT:
            raise ValueError("the answer is too large")
    while await reader.readuntil(b"\r\n") != b"\r\n":
        continue
    return b"".join(pieces)
