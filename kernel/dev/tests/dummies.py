"""Small programs that stand in for the product's processes."""

import io
import json
import os
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

from kernel.dev.console import Console
from kernel.dev.declaration import Process, Tier
from kernel.dev.layout import DataFolder
from kernel.dev.probes import printed
from kernel.dev.supervisor import Supervisor

STEADY = """
    import signal, sys, time
    def end(*_):
        print("told to end", flush=True)
        sys.exit(0)
    signal.signal(signal.SIGTERM, end)
    print("up", flush=True)
    while True:
        time.sleep(0.05)
"""

STUBBORN = """
    import signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("up", flush=True)
    while True:
        time.sleep(0.05)
"""

WITH_POOL = """
    import os, signal, time
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        print(f"pool {child}", flush=True)
        print("up", flush=True)
    while True:
        time.sleep(0.05)
"""

FAILING = """
    import sys
    print("the reason", flush=True)
    sys.exit(3)
"""


def dummy(name: str, program: str, tier: Tier = Tier.DOOR) -> Process:
    """A process that runs `program` and is ready when it has printed "up"."""
    command = (sys.executable, "-S", "-c", textwrap.dedent(program))
    return Process(name, command, tier, ready=printed("up"))


def supervised(folder: Path) -> tuple[Supervisor, io.StringIO, DataFolder]:
    """A supervisor on `folder`, and the stream that its console writes to."""
    output = io.StringIO()
    data = DataFolder.at(folder)
    env = {**os.environ, "SWITCHBOARD_DATA": str(data.path)}
    return Supervisor(env=env, folder=data, console=Console(output, ["one"])), output, data


def pids(data: DataFolder) -> dict[str, int]:
    """The process ids of `pids.json`; none when there is no such file."""
    if not data.pids.exists():
        return {}
    return {name: each["pid"] for name, each in json.loads(data.pids.read_text()).items()}


def alive(pid: int) -> bool:
    """Whether a process runs (one that ended and was not collected does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
    except OSError:
        return False
    return state != "Z"


def eventually(condition: Callable[[], bool], *, timeout: float = 10.0) -> bool:
    """Whether `condition` became true in time."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
