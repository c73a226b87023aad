"""A scripted TCP server on the loopback interface, for tests of the outgoing door."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from kernel.egress import AllowList, Response, request
from kernel.egress.pool import POOL

LOOPBACK = AllowList.parse("127.0.0.1")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

# Called with each connection and its number, from 1.
Handler = Callable[[socket.socket, int], None]


class Server:
    """Counts connections and keeps the requests that `read_request` completed."""

    def __init__(self, handler: Handler, context: ssl.SSLContext | None) -> None:
        self._handler = handler
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}/"

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                arguments = (connection, self.connections)
                threading.Thread(target=self._run, args=arguments, daemon=True).start()

    def _run(self, connection: socket.socket, number: int) -> None:
        with suppress(OSError):
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                self._handler(connection, number)


@contextmanager
def listening(handler: Handler, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server for the length of the block; no connections are kept from before, nor after."""
    POOL.clear()
    server = Server(handler, context)
    try:
        yield server
    finally:
        server.close()
        POOL.clear()


def get(server: Server, path: str = "", **options: Any) -> Response:
    """GET from `server` within two seconds, loopback allowed."""
    settings: dict[str, Any] = {"allow": LOOPBACK, "timeout_s": 2.0} | options
    return request("GET", server.url + path, **settings)


def read_request(connection: socket.socket) -> bytes:
    """Head and body of one request; empty when the client has hung up."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65_536)
        if not piece:
            return b""
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    pieces = [head, b"\r\n\r\n", body]
    missing = length - len(body)
    while missing > 0:
        pieces.append(connection.recv(1_000_000))
        missing -= len(pieces[-1]) or missing
    return b"".join(pieces)


def answering(answer: bytes) -> Handler:
    """Gives `answer` to every request, keeping the connection."""

    def handler(connection: socket.socket, number: int) -> None:
        while read_request(connection):
            connection.sendall(answer)

    return handler


def hanging_up(answer: bytes) -> Handler:
    """Gives `answer` to the first request and closes the connection."""

    def handler(connection: socket.socket, number: int) -> None:
        read_request(connection)
        connection.sendall(answer)

    return handler


def reset(connection: socket.socket) -> None:
    """End the connection with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
