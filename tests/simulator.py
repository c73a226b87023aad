"""A running simulator of Meta's APIs, for tests that send."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from django.conf import settings

from kernel.dev.ports import free_ports
from tests import factories

TOKEN = "EAAsimulated"
CUSTOMER = "972501234567"
QUICK = {"sent": 1, "delivered": 1, "read": 1}


class Simulator:
    """Its control API, and what it was asked to send."""

    def __init__(self, url: str, numbers: list[dict[str, str]]) -> None:
        self.url, self.numbers = url, numbers
        self.http = requests.Session()

    def do(self, path: str, **body: Any) -> Any:
        answer = self.http.post(f"{self.url}/_sim/{path}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def read(self, what: str, **query: Any) -> Any:
        return self.http.get(f"{self.url}/_sim/{what}", params=query, timeout=10).json()

    def channel(self) -> Any:
        """A channel of the active tenant on a number that no other test has."""
        number = self.numbers.pop()
        made = factories.channel(phone_number_id=number["phone_number_id"], token=TOKEN)
        made.external["waba_id"] = number["waba_id"]
        made.save(update_fields=["external"])
        return made

    def let_write(self, channel: Any, text: str = "hi", **more: Any) -> Any:
        """The customer writes, which opens the provider's own window; our side learns nothing of it."""
        phone = channel.external["phone_number_id"]
        return self.do(
            "inject", **{"phone_number_id": phone, "from": CUSTOMER, "text": text, **more}
        )

    def sends(self, channel: Any) -> list[dict[str, Any]]:
        """The calls that were made to send a message by this number, oldest first."""
        phone = channel.external["phone_number_id"]
        found = self.read("requests", path=f"{phone}/messages", method="POST", limit=500)[
            "requests"
        ]
        return sorted(found, key=lambda r: r["n"])

    def fail_next(self, **fault: Any) -> None:
        self.do("fail-next", **fault)

    def webhooks(self, wamid: str, count: int) -> list[dict[str, Any]]:
        """The bodies that Meta would post about a message, once there are so many."""
        found = self.read("webhooks", wamid=wamid, count=count, wait_ms=4000, limit=100)["webhooks"]
        return [entry["body"] for entry in sorted(found, key=lambda w: w["n"])]


@contextmanager
def running(folder: Path, count: int = 400) -> Iterator[Simulator]:
    """Start one on a free port; its webhooks go nowhere, tests take them in themselves."""
    numbers = [
        {"phone_number_id": factories.digits(15), "waba_id": factories.digits(15), "access_token": TOKEN,
         "display_phone_number": "+1 555-010-0177", "verified_name": f"Number {n}"}
        for n in range(count)
    ]  # fmt: skip
    path = folder / "meta.json"
    path.write_text(json.dumps({
        "app_id": settings.META_APP_ID, "app_secret": settings.META_APP_SECRET.split(",")[0],
        "verify_token": "v", "numbers": numbers, "status_delay_ms": QUICK,
        "webhook_url": "http://127.0.0.1:9/nobody",
        "settings": {"window": "off", "retry_schedule_s": [], "retry_holds_lane": False},
    }))  # fmt: skip
    (port,) = free_ports(1)
    command = [
        sys.executable,
        "-m",
        "channels.simulator.meta",
        "--port",
        str(port),
        "--config",
        str(path),
    ]
    process = subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.DEVNULL)
    simulator = Simulator(f"http://127.0.0.1:{port}", numbers)
    try:
        _wait(simulator)
        yield simulator
    finally:
        process.terminate()
        process.wait(10)


def _wait(simulator: Simulator) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            simulator.read("state")
            return
        except requests.RequestException:
            assert time.monotonic() < until, "the simulator did not start"
            time.sleep(0.05)
