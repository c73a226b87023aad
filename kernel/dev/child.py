"""One running process in a group of its own, with its output."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from kernel.dev.declaration import Process
from kernel.dev.layout import ROOT
from kernel.dev.leash import leashed

Sink = Callable[[str, str], None]
"""Called with (process name, line without its end) for each line that a process prints."""

_LONGEST_LINE = 64 * 1024
_LOG_KEPT = 10 * 1024 * 1024
_REMEMBERED = 200


def discard(_name: str, _line: str) -> None:
    """The sink of a process whose lines only go to its log file."""


class Child:
    """A `Process` that can be started, watched, signalled and started again.

    Start it from a thread that lives as long as the child shall: Linux ends the child when the
    *thread* that started it ends.
    """

    def __init__(
        self, process: Process, *, env: Mapping[str, str], log: Path, sink: Sink = discard
    ) -> None:
        self.process = process
        self.env = {**env, **process.env}
        self.log = log
        self.recent: deque[str] = deque(maxlen=_REMEMBERED)
        self.started_at = 0.0
        self._sink = discard if process.quiet else sink
        self._popen: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    @property
    def name(self) -> str:
        return self.process.name

    @property
    def pid(self) -> int | None:
        """The leader's process id, which is the group's id too; None when it does not run."""
        return self._popen.pid if self._popen else None

    @property
    def age(self) -> float:
        """Seconds since the last start."""
        return time.monotonic() - self.started_at

    def start(self) -> None:
        """Start the command. The child must not be running."""
        self.recent.clear()
        _shorten(self.log)
        self._popen = subprocess.Popen(
            leashed(self.process.command),
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.started_at = time.monotonic()
        self._reader = threading.Thread(
            target=self._read, args=(self._popen.stdout,), name=f"read-{self.name}", daemon=True
        )
        self._reader.start()

    def is_ready(self) -> bool:
        return self._popen is not None and self.process.ready(tuple(self.recent))

    def poll(self) -> int | None:
        """The exit code if the leader ended (negative for a signal), else None.

        Whatever the leader left in its group is killed: an orphaned pool process would go on
        holding the port or taking work under a supervisor that no longer knows it.
        """
        if self._popen is None:
            return None
        code = self._popen.poll()
        if code is not None:
            self._signal_group(signal.SIGKILL)
            self._popen = None
            if self._reader:
                self._reader.join(timeout=1)
        return code

    def terminate(self) -> None:
        """Ask the leader to stop; it stops its own pool."""
        if self._popen is not None:
            self._popen.send_signal(signal.SIGTERM)

    def signal(self, signum: int, *, group: bool = True) -> None:
        """Send `signum` to the whole group, or to the leader alone."""
        if group:
            self._signal_group(signum)
        elif self._popen is not None:
            self._popen.send_signal(signum)

    def wait(self, timeout: float) -> bool:
        """Whether the child ended within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while self._popen is not None and self.poll() is None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def stop(self, grace: float = 8.0) -> None:
        """Stop gracefully, and by force after `grace` seconds."""
        self.terminate()
        if not self.wait(grace):
            self._signal_group(signal.SIGKILL)
            self.wait(5)

    def _signal_group(self, signum: int) -> None:
        if self._popen is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._popen.pid, signum)

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe, self.log.open("ab", buffering=0) as log:
            while raw := pipe.readline(_LONGEST_LINE):
                log.write(raw if raw.endswith(b"\n") else raw + b"\n")
                line = raw.decode("utf-8", errors="replace").rstrip("\r\n")
                self.recent.append(line)
                self._sink(self.name, line)


def stop_in_order(children: Sequence[Child], *, grace: float, hurry: Callable[[], bool]) -> None:
    """Stop `children` tier by tier, the last started first; kill what is left after `grace`.

    `hurry` is asked while waiting: when it says yes (a second Ctrl-C) nothing is waited for.
    """
    for tier in sorted({child.process.tier for child in children}, reverse=True):
        stopping = [child for child in reversed(children) if child.process.tier == tier]
        for child in stopping:
            child.terminate()
        deadline = time.monotonic() + grace
        while _running(stopping) and time.monotonic() < deadline and not hurry():
            time.sleep(0.05)
        for child in _running(stopping):
            child.signal(signal.SIGKILL)
            child.wait(5)


def _running(children: Sequence[Child]) -> list[Child]:
    return [child for child in children if child.pid is not None and child.poll() is None]


def _shorten(log: Path) -> None:
    """Start a new log file when the old one has grown large; one older file is kept."""
    if log.exists() and log.stat().st_size > _LOG_KEPT:
        log.replace(log.with_suffix(".log.1"))
