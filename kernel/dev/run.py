"""`make run`: start everything, say where it is, keep it running until Ctrl-C."""

import os
import sys
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Self

from kernel.dev import credentials, environment, leash, leftovers, servers, simulated, stamps
from kernel.dev.banner import banner
from kernel.dev.canary import CanaryWatch
from kernel.dev.child import Child
from kernel.dev.console import Console
from kernel.dev.declaration import Process, Tier
from kernel.dev.environment import Addresses, Databases
from kernel.dev.errors import CannotStart, StopRequested
from kernel.dev.layout import DataFolder
from kernel.dev.ports import Ports, require_free
from kernel.dev.probes import http_status
from kernel.dev.processes import all_processes
from kernel.dev.servers import RedisProbe
from kernel.dev.supervisor import Supervisor

STARTING_LIMIT = 120.0


def run(*, port: int, data: str) -> int:
    """Run until stopped; the exit code. Raises `CannotStart` with what to do about it."""
    _follow_make()
    ports = Ports.counted_from(port)
    folder = DataFolder.at(data)
    with folder.lock():
        leftovers.clear(folder)
        require_free(ports, without=_brought_along())
        return _keep_running(_Plan.of(folder, ports))


@dataclass(frozen=True)
class _Plan:
    """What one copy consists of."""

    folder: DataFolder
    env: dict[str, str]
    at: Addresses
    databases: tuple[Process, ...]
    simulators: tuple[Process, ...]
    product: tuple[Process, ...]

    @classmethod
    def of(cls, folder: DataFolder, ports: Ports) -> Self:
        secrets = credentials.load(folder.secrets, simulated.TOKEN_IDS)
        env = environment.build(folder, ports, secrets, Databases.from_shell(ports))
        at = Addresses.of(ports)
        simulated.write_configuration(
            folder.simulator, secrets, webhook_url=f"{at.edge}/webhooks/meta"
        )
        others = all_processes(folder, ports)
        return cls(
            folder,
            env,
            at,
            databases=_databases(folder, ports, env),
            simulators=tuple(each for each in others if each.tier == Tier.SIMULATOR),
            product=tuple(each for each in others if each.tier != Tier.SIMULATOR),
        )

    @property
    def names(self) -> list[str]:
        every = (*self.databases, *self.simulators, *self.product)
        return [process.name for process in every]


def _keep_running(plan: _Plan) -> int:
    console = Console(sys.stdout, plan.names)
    broker = RedisProbe(plan.env["REDIS_URL"])
    canaries = CanaryWatch(f"{plan.at.web}/health/canaries", broker)
    supervisor = Supervisor(env=plan.env, folder=plan.folder, console=console, canaries=canaries)
    supervisor.handle_signals()
    try:
        _bring_up(plan, supervisor, console)
        _announce(plan, console)
        canaries.start()
        supervisor.watch()
    except StopRequested:
        console.say("stopped while starting")
    finally:
        console.say("stopping")
        supervisor.stop()
        console.say("stopped")
    return 0


def _bring_up(plan: _Plan, supervisor: Supervisor, console: Console) -> None:
    """Start in the order that the parts need each other, and side by side where they do not."""
    console.say("starting the databases and the simulator")
    supervisor.start(*plan.databases, *plan.simulators)
    static = _collect_static(plan, supervisor)
    supervisor.wait_ready(*plan.databases, *plan.simulators, timeout=STARTING_LIMIT)
    migrated = stamps.migrated(plan.folder, plan.env)
    if not migrated.is_current:
        console.say("preparing the database (first start, or new migrations)")
        migrate = supervisor.begin_once(manage("migrate"))
        supervisor.finish(migrate, timeout=STARTING_LIMIT)
        migrated.set()
    supervisor.finish(*static, timeout=STARTING_LIMIT)
    stamps.collected(plan.folder).set()
    console.say("starting the product")
    seed = supervisor.begin_once(manage("seed_demo", "--out", str(plan.folder.demo)))
    supervisor.start(*plan.product)
    supervisor.finish(seed, timeout=STARTING_LIMIT)
    supervisor.wait_ready(*plan.product, timeout=STARTING_LIMIT)
    _wait_for_web_readiness(plan, supervisor)


def _wait_for_web_readiness(plan: _Plan, supervisor: Supervisor) -> None:
    """`/ready` speaks for the workers and the databases too."""
    url = f"{plan.at.web}/ready"

    def ready() -> bool:
        return http_status(url) == HTTPStatus.OK

    if not supervisor.wait_until(ready, timeout=STARTING_LIMIT):
        raise CannotStart(f"{url} did not answer 200 within {STARTING_LIMIT:.0f} s.")


def _collect_static(plan: _Plan, supervisor: Supervisor) -> list[Child]:
    if stamps.collected(plan.folder).is_current:
        return []
    return [supervisor.begin_once(manage("collectstatic", "--noinput"))]


def manage(command: str, *arguments: str) -> Process:
    """A management command as a process; it is quiet, its output is shown if it fails."""
    line = (sys.executable, "manage.py", command, *arguments)
    return Process(command, line, Tier.DOOR, quiet=True)


def _databases(folder: DataFolder, ports: Ports, env: dict[str, str]) -> tuple[Process, ...]:
    """The servers to start: those that the developer's shell does not bring along."""
    brought = _brought_along()
    found: list[Process] = []
    if "mongod" in brought:
        servers.require_replica_set(env["MONGODB_URI"])
    else:
        found.append(servers.mongod(folder, ports))
    if "redis" in brought:
        servers.require_redis(env["REDIS_URL"])
    else:
        found.append(servers.redis_server(folder, ports))
    return tuple(found)


def _brought_along() -> set[str]:
    named = {"mongod": "MONGODB_URI", "redis": "REDIS_URL"}
    return {server for server, variable in named.items() if os.environ.get(variable)}


def _announce(plan: _Plan, console: Console) -> None:
    console.plain(banner(plan.at, plan.env, plan.folder.demo))
    if console.is_terminal:
        console.plain("Ctrl-C stops everything; the data stays.\n")
    else:
        console.plain("ready")


def _follow_make() -> None:
    """When `make` is the parent, end with it, even when it is killed."""
    try:
        parent = Path(f"/proc/{os.getppid()}/comm").read_text().strip()
    except OSError:
        return
    if parent in {"make", "gmake"}:
        leash.follow_parent()
