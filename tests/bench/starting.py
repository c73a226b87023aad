"""Part (e): `make run` until it says `ready`, and what it holds in memory at rest."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from kernel.dev.layout import ROOT, DataFolder
from kernel.dev.ports import FREE_PORTS, free_ports, is_free
from tests.bench.arena import Arena
from tests.bench.errors import Failed
from tests.bench.figures import Findings
from tests.bench.memory import pss_mb

LIMIT_S, PORTS = 180.0, 6
MAKES_OWN = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "PORT", "DATA"}


def measure(arena: Arena) -> Findings:
    """The first start makes the data; every later one is timed. A quick run keeps its data for the next."""
    found, folder = Findings("e"), arena.data / "run"
    if not arena.sizes.keeps_start:
        shutil.rmtree(folder, ignore_errors=True)
    port = _ports_in_a_row()
    if not folder.exists():
        with _running(port, folder) as first:
            arena.say(f"first start, with migrations and demo data: {first:.1f} s")
        found.add("first start, from an empty data folder", "s", [first])
    seconds: list[float] = []
    for repetition in range(arena.sizes.starts):
        with _running(port, folder) as took:
            seconds.append(took)
            arena.say(f"next start: {took:.1f} s")
            if repetition == arena.sizes.starts - 1:
                time.sleep(arena.sizes.rest_s)
                memory = _memory(DataFolder(folder))
    if not arena.sizes.keeps_start:
        shutil.rmtree(folder, ignore_errors=True)
    found.add("`make run` to `ready`, every later start", "s", seconds, bar=("<=", 15))
    _tell_memory(found, memory, arena.sizes.rest_s)
    return found


def _tell_memory(found: Findings, memory: dict[str, float], rest_s: float) -> None:
    product = {name: mb for name, mb in memory.items() if name not in {"mongod", "simulator"}}
    label = f"memory after {rest_s:.0f} s of rest"
    found.add(f"{label}, all but mongod and the simulator", "MB", [sum(product.values())])
    found.add(f"{label}, all but mongod", "MB", [sum(product.values()) + memory["simulator"]])
    each = ", ".join(f"{name} {mb:.0f}" for name, mb in sorted(memory.items(), key=lambda p: -p[1]))
    found.remark(f"Proportional set size (PSS) in MB of each process with its pool: {each}.")


@contextmanager
def _running(port: int, folder: object) -> Iterator[float]:
    """`make run`; yields the seconds from the command to the line `ready`."""
    env = {name: value for name, value in os.environ.items() if name not in MAKES_OWN}
    began = time.monotonic()
    process = subprocess.Popen(
        ["make", "run", f"PORT={port}", f"DATA={folder}"],
        cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    timer = threading.Timer(LIMIT_S, os.killpg, (process.pid, signal.SIGKILL))
    timer.start()
    try:
        yield _until_ready(process, began)
    finally:
        timer.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.communicate()


def _until_ready(process: "subprocess.Popen[str]", began: float) -> float:
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.strip() == "ready":
            # What it prints from now on must not fill the pipe and stop it.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return time.monotonic() - began
    raise Failed("`make run` did not get ready:\n" + "".join(lines[-20:]))


def _memory(folder: DataFolder) -> dict[str, float]:
    """Megabytes by process; the supervisor's own is there too."""
    groups = {
        name: int(entry["pid"]) for name, entry in json.loads(folder.pids.read_text()).items()
    }
    return {name: pss_mb(pid) for name, pid in groups.items()}


def _ports_in_a_row() -> int:
    for first in free_ports(200):
        wanted = range(first, first + PORTS)
        if wanted[-1] in FREE_PORTS and all(is_free(port) for port in wanted):
            return first
    raise Failed(f"no {PORTS} free ports in a row")
