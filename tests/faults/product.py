"""The product under test: servers of its own, and processes that are kept running as `make run` keeps them.

Everything is real: the same commands, the same supervisor, a process group for each. The harness looks
from outside: by the bare drivers, by signals, by the simulator's control API.
"""

import http.client
import json
import secrets
import signal
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import redis
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from kernel.dev import processes, servers
from kernel.dev.canary import CanaryWatch
from kernel.dev.console import Console
from kernel.dev.declaration import Process
from kernel.dev.embedded import Stack
from kernel.dev.supervisor import Supervisor, _Kept
from tests.faults.relay import Relay
from tests.faults.simulator import Simulator
from tests.faults.verifier import Verifier

THIRD = {"phone_number_id": "106540352242941", "display_phone_number": "+1 555-010-0301",
         "waba_id": "102290129340422", "verified_name": "Initech"}  # fmt: skip
STARTING_S = 120.0
HOOKED = "tests.faults.hooks.settings"


@dataclass(frozen=True)
class Spec:
    """What a row needs of its product that cannot be changed while it runs."""

    members: int = 1
    relay: bool = False


class _Quiet(Console):
    """The processes' lines are in their log files; what the supervisor says is kept."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def line(self, name: str, text: str) -> None:
        return

    def say(self, text: str) -> None:
        self.said.append(text)


class Keeper(Supervisor):
    """The supervisor of `make run`, from which a row may also take a process out."""

    def settle(self) -> None:
        """From now on a process that ends is started again, however often."""
        self._starting = False

    def child(self, name: str) -> Any:
        return self._kept[name].child

    def names(self) -> list[str]:
        return list(self._kept)

    def take_out(self, name: str) -> None:
        """Stop a process for good."""
        self._kept.pop(name).child.stop()

    def begin_again(self, name: str) -> None:
        """Forget the pauses that earlier kills earned."""
        self._kept[name] = _Kept(self._kept[name].child)


class Product(AbstractContextManager["Product"]):
    """See the module. `tenants` is the demo's: ids, keys, channels."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.stack = Stack(members=spec.members)
        self.console = _Quiet()
        self.run = secrets.token_hex(3)
        self.relay = Relay(self.stack.ports.redis) if spec.relay else None
        self.env = dict(self.stack.env)
        self._mongo: MongoClient[Any] = MongoClient(
            self.env["MONGODB_URI"], serverSelectionTimeoutMS=30_000, socketTimeoutMS=10_000
        )
        self.more_numbers: dict[str, str] = {}
        self.verifier = Verifier(self.env)

    def __enter__(self) -> "Product":
        try:
            self._bring_up()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._mongo.close()
        self.verifier.close()
        if hasattr(self, "keeper"):
            self.keeper.stop()
            self.canaries.stop()
        if self.relay:
            self.relay.close()
        self.stack.close()

    def _bring_up(self) -> None:
        if self.relay:
            self.relay.start()
            self.env["REDIS_URL"] = servers.redis_url(self.relay.port)
            self.stack.env["REDIS_URL"] = self.env["REDIS_URL"]
        self.stack.__enter__()
        numbers = self._three_tenants()
        self.canaries = CanaryWatch(
            f"{self.stack.addresses.web}/health/canaries", servers.RedisProbe(self.env["REDIS_URL"])
        )
        self.keeper = Keeper(env=self.env, folder=self.stack.folder, console=self.console,
                             canaries=self.canaries)  # fmt: skip
        every = {p.name: p for p in processes.all_processes(self.stack.folder, self.stack.ports)}
        self.keeper.start(every["simulator"])
        self.stack.manage("migrate", "--verbosity", "0")
        self.keeper.wait_ready(every["simulator"], timeout=STARTING_S)
        rest = [p for name, p in every.items() if name != "simulator"]
        self.keeper.start(*rest)
        self.stack.manage("seed_demo", "--out", str(self.stack.folder.demo), "--no-history")
        self.keeper.wait_ready(*rest, timeout=STARTING_S)
        self.keeper.settle()
        self.canaries.start()
        self.verifier.start()
        self.demo = json.loads(self.stack.folder.demo.read_text())
        self.tenants: list[dict[str, Any]] = self.demo["tenants"]
        self.simulator = Simulator(self.stack.addresses.simulator)
        self.tokens = [n["access_token"] for n in numbers]

    def _three_tenants(self) -> list[dict[str, Any]]:
        """The demo has two tenants; the standard load wants three."""
        path = self.stack.folder.simulator
        document = json.loads(path.read_text())
        document["numbers"].append({**THIRD, "access_token": "EAA" + secrets.token_hex(60)})
        document["tenants"]["initech"] = [THIRD["phone_number_id"]]
        document["settings"] = {"window": "off", "retry_schedule_s": [0.2, 1, 2, 5, 5, 5, 10, 30]}
        path.write_text(json.dumps(document))
        numbers: list[dict[str, Any]] = document["numbers"]
        return numbers

    # -- what a row looks at -----------------------------------------------------------------

    @property
    def database(self) -> Any:
        return self._mongo[self.env["MONGODB_NAME"]]

    @property
    def redis(self) -> "redis.Redis":
        return redis.Redis(port=self.stack.ports.redis, socket_timeout=2)

    @property
    def phones(self) -> list[str]:
        """The numbers that the load writes to: one of each tenant."""
        return [t["channels"][0]["phone_number_id"] for t in self.tenants]

    @property
    def tenant_of(self) -> dict[str, str]:
        own = {c["phone_number_id"]: t["id"] for t in self.tenants for c in t["channels"]}
        return own | self.more_numbers

    def api(
        self, method: str, path: str, body: Any = None, *, tenant: int = 0
    ) -> tuple[int, dict[str, Any]]:
        """One request to the API with a tenant's key: the status and the document."""
        parts = self.stack.addresses.web.removeprefix("http://")
        connection = http.client.HTTPConnection(parts, timeout=30)
        headers = {"Authorization": f"Bearer {self.tenants[tenant]['api_key']}"}
        headers |= {} if body is None else {"Content-Type": "application/json"}
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, f"/api/v1/{path}", data, headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else {}
        finally:
            connection.close()

    def logs(self) -> Iterable[Path]:
        return sorted(self.stack.folder.logs.glob("*.log*"))

    # -- time --------------------------------------------------------------------------------

    def sleep(self, seconds: float) -> None:
        """Wait, and look after the processes meanwhile."""
        self.keeper.wait_until(lambda: False, timeout=seconds)

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        return self.keeper.wait_until(condition, timeout=seconds)

    # -- processes ---------------------------------------------------------------------------

    def pid(self, name: str) -> int | None:
        """The leader's process id, if it runs."""
        pid: int | None = self.keeper.child(name).pid
        return pid

    def pool(self, name: str) -> list[int]:
        """The processes that a leader began: granian's workers, Celery's children."""
        pid = self.pid(name)
        with suppress(psutil.Error):
            if pid is not None:
                return [c.pid for c in psutil.Process(pid).children(recursive=True)]
        return []

    def kill(self, name: str, signum: int = signal.SIGKILL) -> None:
        """Signal the whole group."""
        self.keeper.child(name).signal(signum)

    def swap(self, name: str, process: Process | None = None, **env: str) -> None:
        """Run a process with other variables, or another command in its place."""
        known = self.keeper.child(name).process
        self.keeper.take_out(name)
        changed = replace(process or known, env={**known.env, **env})
        self.keeper.start(changed)
        self.keeper.wait_ready(changed, timeout=STARTING_S)

    @contextmanager
    def swapped(self, name: str, process: Process | None = None, **env: str) -> Any:
        """`swap`, and back."""
        before = self.keeper.child(name).process
        self.swap(name, process, **env)
        try:
            yield
        finally:
            self.keeper.take_out(name)
            self.keeper.start(before)
            self.keeper.wait_ready(before, timeout=STARTING_S)

    @contextmanager
    def workers(self, *concurrency: int, env: Mapping[str, str] | None = None) -> Any:
        """More inbound workers beside the stack's own, one parent for each number; their names."""
        made = [
            processes.worker(processes.WorkerClass(f"inbound-{n}", ("inbound",), "prefork", size))
            for n, size in enumerate(concurrency, start=2)
        ]
        # Their canaries would be those of the stack's own worker.
        made = [replace(p, canaries=(), env={**p.env, **(env or {})}) for p in made]
        self.keeper.start(*made)
        self.keeper.wait_ready(*made, timeout=STARTING_S)
        try:
            yield [process.name for process in made]
        finally:
            for process in made:
                self.keeper.take_out(process.name)

    # -- databases ---------------------------------------------------------------------------

    def primary(self) -> str:
        """The name of the process that is the primary now; waits for an election."""
        found: list[str] = []

        def look() -> bool:
            for n, port in enumerate(self.stack.member_ports, start=1):
                with servers.directly(port) as client, suppress(PyMongoError):
                    if client.admin.command("hello").get("isWritablePrimary"):
                        found.append(f"mongod-{n}" if self.spec.members > 1 else "mongod")
                        return True
            return False

        self.wait_until(look, 30)
        return found[0]

    def port_of(self, member: str) -> int:
        return self.stack.member_ports[int(member.rpartition("-")[2]) - 1 if "-" in member else 0]

    def hooked(self, *names: str, **env: str) -> Mapping[str, str]:
        """Variables that let a Django process import test-only modules before it works."""
        return {"DJANGO_SETTINGS_MODULE": HOOKED, "FAULTS_HOOKS": ",".join(names), **env}

    def biggest_mb(self) -> float:
        """The largest resident size of any process of the product now."""
        most = 0
        for name in self.keeper.names():
            for pid in [self.pid(name), *self.pool(name)]:
                with suppress(psutil.Error, TypeError):
                    most = max(most, psutil.Process(pid).memory_info().rss)
        return most / 1e6

    def keep_logs(self, where: Path) -> None:
        """Copy what the processes said to `where`, for reading after the folder is gone."""
        where.mkdir(parents=True, exist_ok=True)
        for path in self.logs():
            (where / path.name).write_bytes(path.read_bytes())
        (where / "supervisor.txt").write_text("\n".join(self.console.said))
