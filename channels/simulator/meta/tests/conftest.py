"""A real simulator on a free port, and a receiver for its webhooks."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from channels.simulator.meta.tests.receiver import Receiver

ROOT = Path(__file__).resolve().parents[4]
PHONE, WABA, TOKEN = "209988776655443", "301122334455667", "EAAacme"
OTHER_PHONE, OTHER_WABA, OTHER_TOKEN = "209988776655999", "301122334455999", "EAAglobex"
NOA = "972501234567"
SECRET = "app-secret"
IG, IG_TOKEN, IG_SECRET = "17841400000000011", "IGAAacme", "ig-secret"
PAGE, PAGE_TOKEN, DANA = "103000000000011", "EAApage", "902211334455"


def config(webhook_url: str) -> dict[str, Any]:
    return {
        "app_id": "100200300",
        "app_secret": SECRET,
        "verify_token": "verify-me",
        "webhook_url": webhook_url,
        "numbers": [
            number(PHONE, "+972 55 501 4200", WABA, "Acme", TOKEN),
            number(OTHER_PHONE, "+1 555 010 0142", OTHER_WABA, "Globex", OTHER_TOKEN),
        ],
        "customers": [{"wa_id": NOA, "name": "Noa Levi", "bsuid": "IL.48213377190011245"}],
        "instagram": {
            "app_id": "300400500",
            "app_secret": IG_SECRET,
            "accounts": [
                {
                    "ig_id": IG,
                    "username": "acme.shop",
                    "scoped_id": "26001",
                    "access_token": IG_TOKEN,
                    "page_id": PAGE,
                    "page_access_token": PAGE_TOKEN,
                    "subscribed": True,
                }
            ],
            "people": [{"igsid": DANA, "username": "dana.c", "name": "Dana"}],
        },
        "status_delay_ms": {"sent": 1, "delivered": 1, "read": 1},
        "settings": {"retry_schedule_s": [0.05, 0.05, 0.1, 0.1]},
    }


def number(phone: str, shown: str, waba: str, name: str, token: str) -> dict[str, str]:
    return {
        "phone_number_id": phone,
        "display_phone_number": shown,
        "waba_id": waba,
        "verified_name": name,
        "access_token": token,
    }


class Meta:
    """Calls of the Graph API and of the control API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()

    def sim(self, path: str, **body: Any) -> Any:
        answer = self.http.post(f"{self.url}/_sim/{path}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def read(self, path: str, **query: Any) -> Any:
        return self.http.get(f"{self.url}/_sim/{path}", params=query, timeout=10).json()

    def graph(
        self, method: str, path: str, token: str | None = TOKEN, **options: Any
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        options.setdefault("timeout", 10)
        return self.http.request(method, f"{self.url}/v26.0/{path}", headers=headers, **options)

    def instagram(
        self, method: str, path: str, token: str | None = IG_TOKEN, **options: Any
    ) -> requests.Response:
        """A call of graph.instagram.com."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.url}/graph.instagram.com/v25.0/{path}"
        return self.http.request(method, url, headers=headers, timeout=10, **options)

    def direct(self, message: dict[str, Any], **more: Any) -> requests.Response:
        """Send a direct message to Dana."""
        body = {"recipient": {"id": DANA}, "message": message, **more}
        return self.instagram("POST", "me/messages", json=body)

    def dana(self, kind: str = "text", **more: Any) -> str:
        """Dana does something; the mid."""
        if kind == "text":
            more.setdefault("text", "hi")
        body = {"ig_id": IG, "from": DANA, "type": kind, **more}
        return str(self.sim("instagram/inject", **body)["id"])

    def send(self, body: dict[str, Any] | None = None, **fields: Any) -> requests.Response:
        whole = {"messaging_product": "whatsapp", "to": f"+{NOA}", **(body or {}), **fields}
        return self.graph("POST", f"{PHONE}/messages", json=whole)

    def write(self, text: str = "hello", **fields: Any) -> str:
        """Noa writes to Acme, which also opens the window."""
        body = {"phone_number_id": PHONE, "from": NOA, "text": {"body": text}, **fields}
        return str(self.sim("inject", **body)["id"])


def wamid_of(answer: requests.Response) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["messages"][0]["id"])


def refusal(answer: requests.Response) -> tuple[int, int, str]:
    """`(HTTP status, code, details)` of an error answer."""
    error = answer.json()["error"]
    assert error["fbtrace_id"]
    return answer.status_code, error["code"], error.get("error_data", {}).get("details", "")


@pytest.fixture(scope="session")
def shared_receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def running(shared_receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meta]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = tmp_path_factory.mktemp("meta") / "meta.json"
    path.write_text(json.dumps(config(shared_receiver.url)))
    command = [sys.executable, "-m", "channels.simulator.meta"]
    command += ["--port", str(port), "--config", str(path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    meta = Meta(f"http://127.0.0.1:{port}")
    until = time.monotonic() + 10
    while True:
        try:
            meta.read("state")
            break
        except requests.ConnectionError:
            assert time.monotonic() < until, "the simulator did not start"
            time.sleep(0.02)
    yield meta
    process.terminate()
    process.wait(10)


@pytest.fixture
def receiver(shared_receiver: Receiver) -> Receiver:
    return shared_receiver


@pytest.fixture
def meta(running: Meta, receiver: Receiver) -> Meta:
    running.sim("reset")
    receiver.forget()
    return running
