"""Single posts to the edge, for rows that care for what exactly is posted."""

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

from tests.faults.http import signature
from tests.faults.ledger import TRACE, Webhook
from tests.faults.trial import Trial


class Poster:
    """One connection to the edge; each post goes into the trial's ledger."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self._parts = urlsplit(trial.product.stack.addresses.edge)
        self._connection: http.client.HTTPConnection | None = None
        self.answer = b""

    @property
    def secret(self) -> str:
        return str(self.trial.product.demo["meta"]["app_secret"])

    def post(
        self, body: bytes | Any, items: list[tuple[str, str, int]] | None = None, *,
        phone: str = "", headers: list[tuple[str, str]] | None = None, path: str = "/webhooks/meta",
    ) -> int:  # fmt: skip
        """Post signed bytes (or `headers` instead of a signature); the status, 0 when none came."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        if headers is None:
            headers = [("X-Hub-Signature-256", signature(self.secret, data))]
        entry = Webhook("posted", phone or self.trial.product.phones[0], items or [], time.time())
        entry.status = self._send(path, data, headers)
        entry.answered = time.time()
        entry.trace = bool(TRACE.search(self.answer))
        with self.trial.ledger.lock:
            self.trial.ledger.webhooks.append(entry)
        return entry.status

    def _send(self, path: str, data: bytes, headers: list[tuple[str, str]]) -> int:
        self.answer = b""
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(
                    self._parts.hostname or "", self._parts.port, timeout=20
                )
            self._connection.putrequest("POST", path)
            for name, value in [("Content-Type", "application/json"), *headers]:
                self._connection.putheader(name, value.encode("utf-8"))
            self._connection.putheader("Content-Length", str(len(data)))
            self._connection.endheaders(data)
            answer = self._connection.getresponse()
            self.answer = answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            self._connection = None
            return 0
