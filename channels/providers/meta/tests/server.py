"""A server that plays Meta's part by a script, and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Meta:
    """One scripted answer for each next request, and a memory of the requests."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any, dict[str, str]]] = []
        self.requests: list[dict[str, Any]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.base_url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, body: Any, status: int = 200, **headers: str) -> None:
        self.answers.append((status, body, headers))

    def refuse(self, code: int, subcode: int | None = None, status: int = 400) -> None:
        error = {"message": f"(#{code}) text", "type": "OAuthException", "code": code}
        more = {"error_subcode": subcode} if subcode is not None else {}
        self.answer({"error": error | more}, status)

    @property
    def asked(self) -> list[tuple[str, str]]:
        """Method and path of every request so far."""
        return [(request["method"], request["path"]) for request in self.requests]

    def body(self, index: int = -1) -> Any:
        """The JSON of a request's body."""
        return json.loads(self.requests[index]["body"])

    def take(self, request: BaseHTTPRequestHandler) -> tuple[int, Any, dict[str, str]]:
        size = int(request.headers.get("Content-Length") or 0)
        url = urlsplit(request.path)
        self.requests.append(
            {
                "method": request.command,
                "path": url.path,
                "query": {k: v[0] for k, v in parse_qs(url.query).items()},
                "headers": request.headers,
                "body": request.rfile.read(size),
            }
        )
        return self.answers.pop(0)


def _handler(meta: Meta) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, headers = meta.take(self)
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_POST = do_DELETE = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Stay quiet."""

    return Handler


@contextmanager
def playing() -> Iterator[Meta]:
    """Run the server while the block lasts."""
    meta = Meta()
    thread = threading.Thread(target=meta.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield meta
    finally:
        meta.server.shutdown()
        meta.server.server_close()
        thread.join()
