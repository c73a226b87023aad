"""An independent ledger: what was posted, what was acknowledged, and what the database holds of it.

It reads MongoDB with the bare driver, so that nothing of ours judges itself.
"""

import hashlib
import hmac
import http.client
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pymongo import MongoClient


@dataclass
class Posted:
    """One message as it was posted. ``status`` is the answer, 0 when none came."""

    external_id: str
    sender: str
    number: int
    status: int


@dataclass
class Ledger:
    """Posts signed webhooks for one number and remembers every answer."""

    edge: str
    secret: str
    phone_number_id: str
    run: str
    posted: list[Posted] = field(default_factory=list)
    slowest_s: float = 0.0
    _next: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _connection: Any = None

    def post(self, sender: str) -> Posted:
        """The sender's next message, as one webhook."""
        self._next[sender] += 1
        number = self._next[sender]
        external_id = f"wamid.{self.run}.{sender}.{number}"
        body = json.dumps(self._body(external_id, sender, number)).encode()
        started = time.monotonic()
        entry = Posted(external_id, sender, number, self._send(body))
        self.slowest_s = max(self.slowest_s, time.monotonic() - started)
        self.posted.append(entry)
        return entry

    def _send(self, body: bytes) -> int:
        parts = urlsplit(self.edge)
        signature = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": f"sha256={signature}", "Content-Type": "application/json"}
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(
                    parts.hostname, parts.port, timeout=15
                )
            self._connection.request("POST", "/webhooks/meta", body, headers)
            answer = self._connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            self._connection = None
            return 0

    def _body(self, external_id: str, sender: str, number: int) -> dict[str, Any]:
        message = {"from": sender, "id": external_id, "timestamp": str(int(time.time())),
                   "type": "text", "text": {"body": f"message {number}"}}  # fmt: skip
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"phone_number_id": self.phone_number_id, "display_phone_number": "1555"},
            "contacts": [{"profile": {"name": f"Sender {sender}"}, "wa_id": sender}],
            "messages": [message],
        }
        return {"object": "whatsapp_business_account",
                "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]}  # fmt: skip

    @property
    def acknowledged(self) -> set[str]:
        return {entry.external_id for entry in self.posted if entry.status == 200}


@dataclass
class Verdict:
    """Lost: acknowledged and not stored. Doubled: stored twice. Reordered: numbers that go down."""

    lost: int
    doubled: int
    reordered: int
    miscounted: int
    stored: int


def audit(database: Any, ledger: Ledger) -> Verdict:
    """Judge what the database holds of a ledger's run."""
    pattern = {"external_id": {"$regex": f"^wamid\\.{ledger.run}\\."}}
    rows = list(database["messages"].find(pattern).sort([("conversation_id", 1), ("seq", 1)]))
    ids = [row["external_id"] for row in rows]
    threads: dict[Any, list[int]] = defaultdict(list)
    for row in rows:
        threads[row["conversation_id"]].append(int(row["text"].split()[1]))
    reordered = sum(
        sum(1 for a, b in itertools.pairwise(numbers) if b <= a) for numbers in threads.values()
    )
    miscounted = 0
    for thread in threads:
        conversation = database["conversations"].find_one({"_id": thread})
        held = database["messages"].count_documents({"conversation_id": thread})
        miscounted += conversation["message_count"] != held
    return Verdict(
        lost=len(ledger.acknowledged - set(ids)),
        doubled=len(ids) - len(set(ids)),
        reordered=reordered,
        miscounted=miscounted,
        stored=len(ids),
    )


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Poll; returns the seconds it took, fails the test with ``what`` when it did not come."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if condition():
            return time.monotonic() - started
        time.sleep(0.2)
    raise AssertionError(f"{what} did not come within {seconds} s")


def open_database(env: Any) -> Any:
    client: MongoClient[Any] = MongoClient(env["MONGODB_URI"], serverSelectionTimeoutMS=5000)
    return client[env["MONGODB_NAME"]]
