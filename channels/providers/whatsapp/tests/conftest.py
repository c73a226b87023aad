"""A server that plays Meta's part by a script, and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from channels.providers.contract import Credentials, Endpoint
from channels.providers.whatsapp.client import WhatsAppClient

TOKEN, SECRET = "EAAtoken", "app-secret"
EXTERNAL = {"phone_number_id": "2099", "waba_id": "3011", "app_id": "77"}


class Meta:
    """A server with one scripted answer for each next request, and a memory of the requests."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any, dict[str, str]]] = []
        self.requests: list[dict[str, Any]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.base_url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, body: Any, status: int = 200, **headers: str) -> None:
        self.answers.append((status, body, headers))

    def client(
        self, *, secret: str = SECRET, token: str = TOKEN, **external: str
    ) -> WhatsAppClient:
        return WhatsAppClient(
            EXTERNAL | external,
            Credentials(access_token=token, app_secret=secret),
            Endpoint(base_url=self.base_url, version="v26.0", timeout_s=5),
        )

    def handler(self) -> type[BaseHTTPRequestHandler]:
        meta = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                url = urlsplit(self.path)
                meta.requests.append(
                    {
                        "method": self.command,
                        "path": url.path,
                        "query": {k: v[0] for k, v in parse_qs(url.query).items()},
                        "headers": self.headers,
                        "body": self.rfile.read(size),
                    }
                )
                status, body, headers = meta.answers.pop(0)
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


@pytest.fixture
def meta(monkeypatch: pytest.MonkeyPatch) -> Iterator[Meta]:
    monkeypatch.setenv("SWITCHBOARD_EGRESS_ALLOW", "127.0.0.1")
    meta = Meta()
    thread = threading.Thread(target=meta.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield meta
    meta.server.shutdown()
    meta.server.server_close()
    thread.join()
