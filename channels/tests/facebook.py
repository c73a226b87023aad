"""A server in the place of Meta's hosts, which answers by what is asked of it and not by turn."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = Callable[[dict[str, str]], Any]


class Hosts:
    """Answers by method and path: ``(status, body)`` or a body; what it does not know is a refusal."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Any] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def let(self, method: str, path: str, answer: Any) -> None:
        self.answers[method, path] = answer

    def calls(self, method: str, path: str) -> list[dict[str, str]]:
        """The parameters of each such call, oldest first."""
        return [given for m, p, given in self.asked if (m, p) == (method, path)]

    def answer(self, method: str, path: str, given: dict[str, str]) -> tuple[int, Any]:
        path = re.sub(r"/v\d+\.0/", "/", path)
        self.asked.append((method, path, given))
        found = self.answers.get((method, path))
        found = found(given) if callable(found) else found
        if found is None:
            return 400, {"error": {"code": 100, "message": f"nothing at {method} {path}"}}
        return found if isinstance(found, tuple) else (200, found)


def _handler(hosts: Hosts) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            given = {k: v[0] for k, v in parse_qs(url.query).items()}
            if raw.startswith("{"):
                given |= {k: str(v) for k, v in json.loads(raw).items()}
            else:
                given |= {k: v[0] for k, v in parse_qs(raw).items()}
            given["bearer"] = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, body = hosts.answer(self.command, url.path, given)
            sent = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_POST = do_DELETE = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Stay quiet."""

    return Handler


@contextmanager
def playing() -> Iterator[Hosts]:
    """Run the server while the block lasts."""
    hosts = Hosts()
    thread = threading.Thread(target=hosts.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hosts
    finally:
        hosts.server.shutdown()
        hosts.server.server_close()
        thread.join()
