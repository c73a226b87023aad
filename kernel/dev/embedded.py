"""The same servers and processes for tests: on free ports, in a temporary folder.

    with Stack() as stack:                      # a mongod and a redis-server of its own
        stack.manage("migrate")
        stack.start("simulator", "edge", "worker-inbound")
        stack.kill("worker-inbound")            # SIGKILL to the whole group
        stack.restart("worker-inbound")
        stack.lines("worker-inbound")           # what it printed last

Names are those of `kernel.dev.processes.all_processes`, with `mongod` and `redis`. Unlike under
`make run`, nothing is restarted by itself: the test decides. Use it from one thread.

`Stack(members=3)` has a replica set of three instead: `mongod-1`, `mongod-2` and `mongod-3`.
"""

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from kernel.dev import credentials, environment, servers, simulated
from kernel.dev.child import Child, stop_in_order
from kernel.dev.declaration import Process
from kernel.dev.environment import Addresses, Databases
from kernel.dev.errors import CannotStart
from kernel.dev.layout import ROOT, DataFolder
from kernel.dev.ports import Ports, free_ports
from kernel.dev.processes import all_processes

READY_LIMIT = 60.0
SERVERS = ("mongod", "redis")
TEMPORARY_FOLDER_VARIABLE = "SWITCHBOARD_TEST_FOLDER"
"""Where temporary data folders are made; the system's temporary folder when unset."""


class Stack(AbstractContextManager["Stack"]):
    """See the module. `env` is what its processes get; `addresses` are their base URLs."""

    def __init__(self, *, database: str | None = None, members: int = 1) -> None:
        """A stack with servers of its own, started on entering; `database` names the database."""
        parent = os.environ.get(TEMPORARY_FOLDER_VARIABLE)
        path = Path(tempfile.mkdtemp(prefix="switchboard-", dir=parent))
        numbers = free_ports(5 + members)
        ports = Ports(*numbers[:4], *reversed(numbers[4:6]))
        ours = Databases.embedded(ports)
        self.member_ports = tuple(numbers[5:])
        uri = servers.mongodb_uri(*self.member_ports)
        self._begin(
            DataFolder.at(path),
            ports,
            Databases(uri, database or ours.mongodb_name, ours.redis_url),
        )
        self.owns_servers = True

    @classmethod
    def joined(cls, *, database: str | None = None) -> "Stack":
        """A stack on the servers, ports and folder that `os.environ` names.

        Leaving it stops the processes that it started and nothing else.
        """
        stack = cls.__new__(cls)
        env = os.environ
        ports = Ports(
            web=_port(env["SWITCHBOARD_PUBLIC_URL"]),
            edge=_port(env["SWITCHBOARD_EDGE_URL"]),
            stream=_port(env["SWITCHBOARD_STREAM_URL"]),
            simulator=_port(env["SWITCHBOARD_SIMULATOR_URL"]),
            mongod=0,
            redis=0,
        )
        databases = Databases(env["MONGODB_URI"], database or env["MONGODB_NAME"], env["REDIS_URL"])
        stack._begin(DataFolder.at(env["SWITCHBOARD_DATA"]), ports, databases)
        stack.owns_servers, stack.member_ports = False, ()
        return stack

    def _begin(self, folder: DataFolder, ports: Ports, databases: Databases) -> None:
        self.folder = folder
        self.ports = ports
        self.addresses = Addresses.of(ports)
        secrets = credentials.load(folder.secrets, simulated.TOKEN_IDS)
        self.env = environment.build(folder, ports, secrets, databases)
        simulated.write_configuration(
            folder.simulator, secrets, webhook_url=f"{self.addresses.edge}/webhooks/meta"
        )
        self._children: dict[str, Child] = {}

    def __enter__(self) -> Self:
        if self.owns_servers:
            try:
                self.start(*self.databases)
            except BaseException:
                self.close()
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop what was started here; remove the data of servers of its own."""
        stop_in_order(list(self._children.values()), grace=5, hurry=lambda: False)
        self._children.clear()
        if self.owns_servers:
            shutil.rmtree(self.folder.path, ignore_errors=True)

    @property
    def databases(self) -> tuple[str, ...]:
        """The names of the servers of its own."""
        if len(self.member_ports) == 1:
            return SERVERS
        return (*(f"mongod-{n}" for n in range(1, len(self.member_ports) + 1)), "redis")

    # -- processes ---------------------------------------------------------------------------

    def start(self, *names: str, env: Mapping[str, str] | None = None, wait: bool = True) -> None:
        """Start processes side by side and wait until they are ready (`CannotStart` if not).

        `env` is added to their environment; a later `restart` keeps it.
        """
        for name in names:
            if self.is_running(name):
                raise CannotStart(f"{name} runs already.")
            known = self._children.get(name)
            if known is None or env is not None:
                known = self._child(self._declared(name), env or {})
                self._children[name] = known
            known.start()
        if wait:
            self.wait_ready(*names)

    def wait_ready(self, *names: str, timeout: float = READY_LIMIT) -> None:
        """Return when each answers; `CannotStart` with its last lines when one ended or is late."""
        deadline = time.monotonic() + timeout
        for name in names:
            child = self._children[name]
            while not child.is_ready():
                if child.pid is None or child.poll() is not None or time.monotonic() > deadline:
                    raise CannotStart(f"{name} is not ready.\n" + "\n".join(child.recent))
                time.sleep(0.1)

    def stop(self, *names: str) -> None:
        """Stop gracefully."""
        for name in names:
            self._children[name].stop()

    def kill(self, name: str, signum: int = signal.SIGKILL, *, group: bool = True) -> None:
        """Send a signal to the process and its pool (`group`), or to its leader alone.

        After SIGKILL to the group it returns when the process is gone. SIGSTOP and SIGCONT
        freeze and thaw.
        """
        child = self._children[name]
        child.signal(signum, group=group)
        if group and signum == signal.SIGKILL:
            child.wait(5)

    def restart(self, name: str, *, wait: bool = True) -> None:
        """Start again, after stopping if it still runs, with the same data and ports."""
        self._children[name].stop()
        self.start(name, wait=wait)

    def is_running(self, name: str) -> bool:
        child = self._children.get(name)
        return child is not None and child.pid is not None and child.poll() is None

    def pid(self, name: str) -> int:
        """The leader's process id."""
        pid = self._children[name].pid
        if pid is None:
            raise CannotStart(f"{name} does not run.")
        return pid

    def lines(self, name: str) -> list[str]:
        """The last 200 lines that the process printed since its start."""
        return list(self._children[name].recent)

    def manage(self, *arguments: str, timeout: float = 120) -> str:
        """Run a management command to its end; its output. Raises `CannotStart` if it fails."""
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        if result.returncode:
            raise CannotStart(f"manage.py {' '.join(arguments)} failed:\n{result.stdout}")
        return result.stdout

    def _declared(self, name: str) -> Process:
        for process in (*self._servers(), *all_processes(self.folder, self.ports)):
            if process.name == name:
                return process
        raise CannotStart(f"There is no process named {name} in this stack.")

    def _servers(self) -> tuple[Process, ...]:
        if not self.owns_servers:
            return ()
        redis = servers.redis_server(self.folder, self.ports)
        if len(self.member_ports) > 1:
            return (*servers.replica_set(self.folder, self.member_ports), redis)
        return (servers.mongod(self.folder, self.ports, failpoints=True), redis)

    def _child(self, process: Process, env: Mapping[str, str]) -> Child:
        return Child(process, env={**self.env, **env}, log=self.folder.log(process.name))


def ensure_environment() -> Stack:
    """The stack whose variables `os.environ` holds; one is started for this process if none is.

    Under `make test` the variables are there. In a bare `pytest` call this before Django reads
    its settings: it starts the servers, sets the variables and stops the servers at exit.
    """
    if "SWITCHBOARD_DATA" in os.environ and "MONGODB_URI" in os.environ:
        return Stack.joined()
    stack = Stack()
    atexit.register(stack.close)
    stack.__enter__()
    os.environ.update(stack.env)
    return stack


def _port(url: str) -> int:
    port = urlsplit(url).port
    if port is None:
        raise CannotStart(f"{url} names no port.")
    return port
