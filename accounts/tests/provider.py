"""An OpenID Connect provider on a port of its own, which says of a person what a test wants."""

import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt

CLIENT, SECRET = "switchboard-test", "provider-secret"


class Provider:
    """``claims`` of whoever consents next; each code is good once, and only with its verifier."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.codes: set[str] = set()
        self.asked: list[dict[str, list[str]]] = []
        self.answer_status = 200
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def consent(self, redirect: str) -> str:
        """What the person's browser is sent back with: the query of the callback."""
        asked = parse_qs(urlsplit(redirect).query)
        code = secrets.token_hex(8)
        self.codes.add(code)
        return f"?code={code}&state={asked['state'][0]}"

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def token(self, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        self.asked.append(form)
        code = form.get("code", [""])[0]
        if code not in self.codes or "code_verifier" not in form:
            return 400, {"error": "invalid_grant"}
        self.codes.discard(code)
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, **self.claims}
        signed = jwt.encode(claims, "k" * 32, "HS256")
        return 200, {"access_token": "at", "token_type": "Bearer", "id_token": signed}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                well_known = self.path.endswith("openid-configuration")
                self._send(200, provider.configuration() if well_known else provider.claims)

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                self._send(*provider.token(parse_qs(self.rfile.read(length).decode())))

            def _send(self, status: int, body: dict[str, Any]) -> None:
                data = json.dumps(body).encode()
                self.send_response(status if provider.answer_status == 200 else 500)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: Any) -> None:
                """The test's own output is enough."""

        return Handler
