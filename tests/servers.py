"""Servers that a test starts beside itself; they end with it, however it ends."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import IO

from kernel.dev import leash
from kernel.dev.layout import ROOT
from kernel.dev.ports import HOST

PATIENCE_S = 40.0


def start(
    stack: ExitStack, command: tuple[str, ...], env: Mapping[str, str], output: IO[bytes]
) -> None:
    """Start it under a leash, its words into ``output``; it is ended when the stack closes."""
    running = subprocess.Popen(leash.leashed(command), cwd=ROOT, env=env, stdout=output,
                               stderr=output)  # fmt: skip
    stack.callback(running.wait, 10)
    stack.callback(running.terminate)


def await_port(port: int) -> None:
    """Until something listens there."""

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((HOST, port)) == 0

    until(answers, f"listener on port {port}")


def until(holds: Callable[[], object], what: str) -> None:
    """Wait until it holds; an ``AssertionError`` that names it after 40 s."""
    late = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < late, f"no {what} after {PATIENCE_S:.0f} s"
        time.sleep(0.05)


def manage(*arguments: str, env: Mapping[str, str], fails: bool = False) -> str:
    """What ``manage.py`` says in a process of its own; it must end well, or with ``fails`` must not."""
    command = (sys.executable, "manage.py", *arguments)
    ended = subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True,
                           timeout=120, check=False)  # fmt: skip
    said = ended.stdout + ended.stderr
    assert (ended.returncode != 0) == fails, said
    return said
