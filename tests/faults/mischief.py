"""A man in the middle between the product and the simulated Graph API, who spoils answers and connections.

What is done to a call is said by the text of the message: `plan` maps a text to a way. A message
meets its way once; everything else is passed on. Ways that come after the call was passed on leave
its statuses to arrive.
"""

import gzip
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

HOLD_S = 40.0
BOMB = gzip.compress(b"0" * 200_000_000, 9)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "half a JSON": lambda answer: _answer(answer[: len(answer) // 2]),
    "HTML": lambda _: _answer(b"<html><body>Sorry</body></html>", b"text/html"),
    "nothing": lambda _: _answer(b""),
    "no id": lambda _: _answer(b'{"messaging_product":"whatsapp","messages":[{}]}'),
    "no messages": lambda _: _answer(b'{"messaging_product":"whatsapp"}'),
    "a number as id": lambda _: _answer(b'{"messages":[{"id":17}]}'),
    "a list as id": lambda _: _answer(b'{"messages":[{"id":["a"]}]}'),
    "a list": lambda _: _answer(b"[1,2,3]"),
    "null": lambda _: _answer(b"null"),
    "5,000 deep": lambda _: _answer(b"[" * 5000 + b"]" * 5000),
    "5 MB": lambda answer: _answer(b'{"x":"' + b"x" * 5_000_000 + b'",' + answer[1:]),
    "a bomb": lambda _: _answer(BOMB, more=b"Content-Encoding: gzip\r\n"),
    "not HTTP": lambda _: b"\x00\x01\x02 hello\r\n\r\n",
    "a lying length": lambda answer: OK + b"Content-Length: 9999\r\n\r\n" + answer,
    "endless headers": lambda _: OK + b"X-A: b\r\n" * 300_000,
}
"""Way → the bytes that come instead of the right answer, whose body it is given."""


def _answer(body: bytes, kind: bytes = b"application/json", more: bytes = b"") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\n" + more
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


class Mischief:
    """Listens on `port` and passes calls to the simulator at `target`. Ways beside `HOSTILE`:

    `silence` (read, never passed on, never answered); `stall` (headers, then nothing); `drip` (a
    byte each second); `reset unread`, `reset after` (a TCP reset before or after it was passed on);
    `another's` (the answer to the call before, with its id).
    """

    def __init__(self, target: int, plan: dict[str, str]) -> None:
        self.target, self.plan = target, plan
        self.met: set[str] = set()
        self._before = b""
        self._closing = threading.Event()
        self._listen(0)
        self.port = int(self._server.getsockname()[1])

    def __enter__(self) -> "Mischief":
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self.refuse()

    def refuse(self) -> None:
        """Nobody listens from now on."""
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def accept(self) -> None:
        """Listen again, on the same port."""
        self._listen(self.port)

    def _listen(self, port: int) -> None:
        self._server = socket.create_server(("127.0.0.1", port), reuse_port=False)
        threading.Thread(target=self._serve, args=(self._server,), daemon=True).start()

    def _serve(self, server: socket.socket) -> None:
        while True:
            try:
                there, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(there,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        with client, suppress(OSError, EOFError):
            while True:
                request, body = _read(client)
                way = self._way(body)
                if way:
                    self._spoil(client, way, request)
                    return
                client.sendall(self._passed(request))

    def _way(self, body: bytes) -> str:
        try:
            document = json.loads(body)
            message = document["biz_opaque_callback_data"]
            way = self.plan.get(document["text"]["body"], "")
        except (ValueError, KeyError, TypeError):
            return ""
        if not way or message in self.met:
            return ""
        self.met.add(message)
        return way

    def _spoil(self, client: socket.socket, way: str, request: bytes) -> None:
        if way == "reset unread":
            _reset(client)
        elif way == "silence":
            self._closing.wait(HOLD_S)
        elif way == "another's":
            client.sendall(self._instead(request))
        else:
            answer = self._passed(request)
            self._after(client, way, answer)

    def _after(self, client: socket.socket, way: str, answer: bytes) -> None:
        head, _, body = answer.partition(b"\r\n\r\n")
        if way == "reset after":
            _reset(client)
        elif way == "stall":
            client.sendall(head + b"\r\n\r\n")
            self._closing.wait(HOLD_S)
        elif way == "drip":
            for byte in answer:
                client.sendall(bytes([byte]))
                time.sleep(1.0)
        else:
            client.sendall(HOSTILE[way](body))

    def _instead(self, request: bytes) -> bytes:
        """The call is passed on, and answered with what the one before it was answered."""
        before = self._before
        return before if self._passed(request) and before else b""

    def _passed(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.target), timeout=HOLD_S) as there:
            there.sendall(request)
            head, body = _read(there)
        if b'"messages"' in body:
            self._before = head
        return head


def _read(peer: socket.socket) -> tuple[bytes, bytes]:
    """One message of HTTP with a length: all of it, and its body. Raises `EOFError` at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(peer)
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    while len(body) < length:
        body += _some(peer)
    return head + b"\r\n\r\n" + body, body


def _some(peer: socket.socket) -> bytes:
    if data := peer.recv(65536):
        return data
    raise EOFError


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


class FullBacklog:
    """A port that takes no connection: its queue is full, so that a handshake has no answer."""

    def __init__(self, port: int) -> None:
        self._server = socket.socket()
        self._server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._server.bind(("127.0.0.1", port))
        self._server.listen(0)
        self._waiting: list[Any] = []

    def __enter__(self) -> "FullBacklog":
        for _ in range(4):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(self._server.getsockname())
            self._waiting.append(waiting)
        time.sleep(0.2)
        return self

    def __exit__(self, *_: object) -> None:
        for waiting in self._waiting:
            waiting.close()
        self._server.close()
