"""The product's own processes for a benchmark, on data that may stay; and the bare application beside."""

import json
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import MongoClient

from kernel.dev import processes, servers
from kernel.dev.child import stop_in_order
from kernel.dev.declaration import Process
from kernel.dev.embedded import SERVERS, Stack
from kernel.dev.environment import DEFAULT_DATABASE, Addresses, Databases
from kernel.dev.layout import DataFolder
from kernel.dev.ports import HOST, Ports
from kernel.dev.probes import answers, http_status
from tests.bench.errors import Failed
from tests.bench.generator import Orders
from tests.bench.http1 import Connection
from tests.bench.load import CUSTOMERS, Load
from tests.bench.signing import FIRST_CUSTOMER

PRODUCT = ("simulator", "worker-inbound", "worker-outbound", "beat", "web", "edge", "stream")
WORKERS = ("worker-inbound", "worker-outbound", "beat")
BARE = "bare"
GRACE_S = 8.0


@dataclass(frozen=True)
class Tenant:
    """A tenant of the demo, as `demo.json` describes it."""

    id: str
    api_key: str
    channels: list[str]
    numbers: list[str]


class BenchStack(Stack):
    """A stack whose data folder stays when it is left.

    `beside` is another one whose servers, secrets and tenants' keys it uses, with a database of its
    own in those servers. Its mongod is started as `make run` starts it, without failpoints.
    """

    def __init__(
        self, path: Path, *, database: str = DEFAULT_DATABASE, beside: "BenchStack | None" = None
    ) -> None:
        ports = Ports.free()
        ours = beside.uses if beside else Databases.embedded(ports)
        self.uses = replace(ours, mongodb_name=database)
        self.member_ports = () if beside else (ports.mongod,)
        self.owns_servers = beside is None
        folder = DataFolder.at(path)
        self._demo = (beside.folder if beside else folder).demo
        if beside:
            shutil.copyfile(beside.folder.secrets, folder.secrets)
        self._begin(folder, ports, self.uses)
        self.addresses = Addresses.of(ports)
        self._mongo: MongoClient[Any] | None = None

    def close(self) -> None:
        """Stop what was started; the data stay."""
        if self._mongo is not None:
            self._mongo.close()
            self._mongo = None
        owned, self.owns_servers = self.owns_servers, False
        super().close()
        self.owns_servers = owned

    def prepare(self) -> None:
        """Migrate and make the demo's tenants, if they are not there yet."""
        self.manage("migrate", timeout=600)
        self.start("simulator")
        self.manage("seed_demo", "--no-history", "--out", str(self._demo), timeout=300)

    def start_all(self) -> None:
        """Every process that does not run yet, and wait until the product says that it is ready."""
        self.start(*(name for name in PRODUCT if not self.is_running(name)))
        until = time.monotonic() + 60
        while http_status(f"{self.addresses.web}/ready") != 200:
            if time.monotonic() > until:
                raise Failed("the product is not ready within a minute")
            time.sleep(0.2)

    def stop_running(self, *names: str) -> None:
        """Stop those of the processes that run, side by side."""
        running = [self._children[name] for name in names if self.is_running(name)]
        stop_in_order(running, grace=GRACE_S, hurry=lambda: False)

    def _declared(self, name: str) -> Process:
        if name == BARE:
            return bare_application(self.ports)
        if name == SERVERS[0] and self.owns_servers:
            return servers.mongod(self.folder, self.ports)
        return super()._declared(name)

    # -- what is in it -------------------------------------------------------------------------

    @property
    def client(self) -> "MongoClient[Any]":
        """A bare client, which reads what a majority holds."""
        if self._mongo is None:
            self._mongo = MongoClient(
                self.uses.mongodb_uri, readConcernLevel="majority", w="majority"
            )
        return self._mongo

    @property
    def db(self) -> Any:
        """The product's database, through the bare driver, with times that know their zone."""
        options: CodecOptions[Any] = CodecOptions(tz_aware=True)
        return self.client.get_database(self.uses.mongodb_name, codec_options=options)

    @property
    def tenants(self) -> list[Tenant]:
        """Acme, which has two numbers, and Globex, which has one."""
        demo = json.loads(self._demo.read_text())
        return [
            Tenant(t["id"], t["api_key"], [c["id"] for c in t["channels"]],
                   [c["phone_number_id"] for c in t["channels"]])
            for t in demo["tenants"]
        ]  # fmt: skip

    def api(self, tenant: Tenant) -> Connection:
        """A connection to the REST API with the tenant's key."""
        return Connection(self.addresses.web, {"Authorization": f"Bearer {tenant.api_key}"})

    def load(
        self, run: str, count: int, connections: int, *, numbers: list[str] | None = None,
        customers: int = CUSTOMERS, port: int = 0, rate: float = 0, warm_s: float = 0,
        seconds: float = 0, first_customer: int = FIRST_CUSTOMER,
    ) -> Load:  # fmt: skip
        """Start posting webhooks, to the edge or to another `port`; see `Orders`."""
        known = [tenant.numbers[0] for tenant in self.tenants]
        return Load(Orders(
            host=HOST, port=port or self.ports.edge, path="/webhooks/meta",
            secret=self.env["META_APP_SECRET"], numbers=tuple(numbers or known),
            customers=customers, run=run, connections=connections, count=count, rate=rate,
            warm_s=warm_s, seconds=seconds, first_customer=first_customer,
        ))  # fmt: skip


def bare_application(ports: Ports) -> Process:
    """The limit's application under the edge's own server and options, on the stream's port."""
    edge = processes.edge(ports)
    swapped = {"webhooks.edge.app:app": "tests.bench.bare:app", str(ports.edge): str(ports.stream)}
    command = tuple(swapped.get(word, word) for word in edge.command)
    if command == edge.command:
        raise Failed("the edge is started in another way than the benchmark knows")
    return replace(
        edge, name=BARE, command=command, ready=answers(f"http://{HOST}:{ports.stream}/")
    )
