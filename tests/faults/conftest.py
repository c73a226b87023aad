"""One running product for the fault tests: its own databases, processes and demo tenants."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kernel.dev.embedded import Stack
from kernel.egress import request
from tests.faults.ledger import Ledger, open_database

PROCESSES = ("simulator", "edge", "worker-inbound", "worker-outbound", "beat", "web")


@pytest.fixture(autouse=True)
def _database_open() -> Iterator[None]:
    """These tests talk to the product from outside; the test process opens no database of its own."""
    yield


@pytest.fixture(autouse=True)
def wire_check() -> Iterator[list[Any]]:
    yield []


@dataclass
class Product:
    """The running stack and its demo."""

    stack: Stack
    demo: dict[str, Any]
    database: Any

    def ledger(self, run: str, tenant: int = 0) -> Ledger:
        number = self.demo["tenants"][tenant]["channels"][0]["phone_number_id"]
        return Ledger(self.stack.addresses.edge, self.demo["meta"]["app_secret"], number, run)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Call the API as the first demo tenant's key."""
        key = self.demo["tenants"][0]["api_key"]
        answer = request(
            method, f"{self.stack.addresses.web}/api/v1/{path}", json=body,
            headers={"Authorization": f"Bearer {key}"}, allow=["127.0.0.1"],
        )  # fmt: skip
        assert answer.status < 300, (answer.status, answer.body)
        return answer.json()

    def simulator(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.stack.addresses.simulator}/_sim/{path}"
        return request(method, url, json=body, allow=["127.0.0.1"], max_bytes=50_000_000).json()


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    with Stack() as stack:
        stack.manage("migrate", "--verbosity", "0")
        stack.start("simulator")
        out = Path(stack.folder.path) / "demo.json"
        stack.manage("seed_demo", "--out", str(out), "--no-history")
        stack.start(*PROCESSES[1:])
        demo = json.loads(out.read_text())
        yield Product(stack, demo, open_database(stack.env))
