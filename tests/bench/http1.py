"""As much HTTP/1.1 as a load generator needs: one answer at a time on a kept-alive connection."""

import json
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


@dataclass(frozen=True)
class Answer:
    """``end`` is where it ends in the bytes it was read from."""

    status: int
    body: bytes
    end: int

    def json(self) -> Any:
        return json.loads(self.body)


def answer_in(data: bytes) -> Answer | None:
    """The first whole answer in ``data``; None while some of it is missing."""
    head_end = data.find(HEAD_END)
    if head_end < 0:
        return None
    head = data[:head_end].lower() + b"\r\n"
    at = head.find(LENGTH)
    if at < 0:
        raise ValueError(f"an answer without a length: {data[:head_end][:200]!r}")
    length = int(head[at + len(LENGTH) : head.index(b"\r\n", at)])
    begin = head_end + len(HEAD_END)
    if len(data) < begin + length:
        return None
    return Answer(int(data[9:12]), data[begin : begin + length], begin + length)


def request(method: str, path: str, host: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: keep-alive"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + HEAD_END + body


class Connection:
    """A blocking client on one connection, opened again when the server closed it."""

    def __init__(self, base: str, headers: dict[str, str] | None = None) -> None:
        parts = urlsplit(base)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._headers = headers or {}
        self._socket: socket.socket | None = None

    def get(self, path: str) -> Answer:
        return self._exchange(request("GET", path, self._host, self._headers))

    def post(self, path: str, document: Any) -> Answer:
        headers = {**self._headers, "Content-Type": "application/json"}
        body = json.dumps(document).encode()
        return self._exchange(request("POST", path, self._host, headers, body))

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchange(self, data: bytes) -> Answer:
        try:
            return self._once(data)
        except ConnectionError:
            # The server may have closed the idle connection just now; once more on a new one.
            self.close()
            return self._once(data)

    def _once(self, data: bytes) -> Answer:
        if self._socket is None:
            self._socket = socket.create_connection((self._host, self._port), timeout=120)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(data)
        received = b""
        while True:
            part = self._socket.recv(262_144)
            if not part:
                raise ConnectionError("closed in the middle of an answer")
            received += part
            if found := answer_in(received):
                return found
