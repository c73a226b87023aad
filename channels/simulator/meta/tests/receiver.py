"""A webhook receiver for the tests: keeps what came, answers as told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Receiver:
    """`bodies` are raw and in order of arrival; `statuses` are the next answers, then 200."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self.verify_token = "verify-me"
        self.handshakes = 0
        self.delay_s = 0.0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhooks/meta"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def forget(self) -> None:
        self.bodies.clear()
        self.headers.clear()
        self.statuses.clear()
        self.delay_s, self.handshakes = 0.0, 0

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def changes(self) -> list[dict[str, Any]]:
        return [
            change["value"]
            for body in list(self.bodies)
            for entry in json.loads(body)["entry"]
            for change in entry.get("changes", ())
        ]

    def entries(self) -> list[dict[str, Any]]:
        return [entry for body in list(self.bodies) for entry in json.loads(body)["entry"]]

    def items(self) -> list[dict[str, Any]]:
        """What `messaging[]` of Instagram held."""
        return [item for entry in self.entries() for item in entry.get("messaging", ())]

    def messages(self) -> list[dict[str, Any]]:
        return [item for value in self.changes() for item in value.get("messages", ())]

    def statuses_of(self, wamid: str) -> list[dict[str, Any]]:
        found = [item for value in self.changes() for item in value.get("statuses", ())]
        return [item for item in found if item["id"] == wamid]

    def wait(self, is_done: Callable[[], Any], seconds: float = 3.0) -> Any:
        until = time.monotonic() + seconds
        while not (found := is_done()):
            assert time.monotonic() < until, "the webhook did not come"
            time.sleep(0.005)
        return found

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                time.sleep(receiver.delay_s)
                receiver.headers.append({k.lower(): v for k, v in self.headers.items()})
                receiver.bodies.append(body)
                self._answer(receiver.statuses.pop(0) if receiver.statuses else 200, b"")

            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                receiver.handshakes += 1
                if query["hub.verify_token"] == [receiver.verify_token]:
                    self._answer(200, query["hub.challenge"][0].encode())
                else:
                    self._answer(403, b"no")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        return Handler
