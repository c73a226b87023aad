"""Signed webhooks, made before the clock starts: one text message each, all different."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass

from tests.bench.http1 import request

FIRST_CUSTOMER = 972_530_000_000


@dataclass(frozen=True)
class Writers:
    """Who writes: ``customers`` people from ``first`` on, spread in turn over the numbers.

    Message ``index`` is of customer ``index % customers``; ``run`` keeps the ids of two runs apart.
    """

    numbers: tuple[str, ...]
    customers: int
    run: str
    first: int = FIRST_CUSTOMER

    def sender(self, index: int) -> str:
        return str(self.first + index % self.customers)

    def number(self, index: int) -> str:
        return self.numbers[(index % self.customers) % len(self.numbers)]

    def external_id(self, index: int) -> str:
        """As long as Meta's ids are."""
        return f"wamid.HBgM{self.sender(index)}FQIAEhg{self.run:>12.12}{index:010d}AA=="

    def text(self, index: int) -> str:
        return f"{self.run} {index // self.customers + 1} Hello, is my order on its way already?"


def body_of(writers: Writers, index: int, at: int) -> bytes:
    """A webhook as Meta sends it for one text message."""
    sender, number = writers.sender(index), writers.number(index)
    message = {"from": sender, "id": writers.external_id(index), "timestamp": str(at),
               "text": {"body": writers.text(index)}, "type": "text"}  # fmt: skip
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550100101", "phone_number_id": number},
        "contacts": [{"profile": {"name": f"Customer {sender}"}, "wa_id": sender}],
        "messages": [message],
    }
    entry = {"id": "102290129340398", "changes": [{"value": value, "field": "messages"}]}
    document = {"object": "whatsapp_business_account", "entry": [entry]}
    return json.dumps(document, separators=(",", ":")).encode()


def signed_requests(
    writers: Writers, count: int, *, secret: str, path: str, host: str
) -> list[bytes]:
    """Whole requests, head and body, ready to be written to a socket."""
    key, at, made = secret.encode(), int(time.time()), []
    for index in range(count):
        body = body_of(writers, index, at)
        signature = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature,
                   "User-Agent": "facebookexternalua", "Accept": "*/*"}  # fmt: skip
        made.append(request("POST", path, host, headers, body))
    return made
