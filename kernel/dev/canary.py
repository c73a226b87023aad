"""Find workers that are alive and do nothing.

A worker can hold its connection and its memory and consume no task. What shows it is a canary:
the product sends one through each queue every 10 s and reports how long ago the last arrived.
"""

import threading
import time
from collections.abc import Mapping
from typing import Any

from kernel.dev.declaration import Probe, Process
from kernel.dev.probes import http_json

OVERDUE_AFTER = 45.0
"""Seconds without a canary after which a queue counts as not consumed."""

YOUNGEST_RESTARTED = 60.0
"""Seconds that a process has after its start before its canaries are held against it."""

ASK_EVERY = 10.0


class CanaryWatch:
    """Asks `url` every 10 s, in a thread, for `{"queues": {"inbound": 3.2, ...}}` (seconds).

    When nobody answers nothing is known, and nothing is overdue: a web that is restarting says
    nothing about the workers. Neither does a canary that Redis lost: while `broker` does not answer
    and for a while after, workers work on their own, and one that was restarted could not even start.
    """

    def __init__(self, url: str, broker: Probe | None = None) -> None:
        self._url, self._broker = url, broker
        self._away_at = float("-inf")
        self._ages: Mapping[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask_forever, name="canaries", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def is_overdue(self, process: Process, *, age: float) -> bool:
        """Whether a process of `age` seconds should be restarted: all its canaries are late."""
        return age > YOUNGEST_RESTARTED and all_overdue(process.canaries, self._ages)

    def _ask_forever(self) -> None:
        while not self._stop.wait(ASK_EVERY):
            if self._broker is not None and not self._broker(()):
                self._away_at = time.monotonic()
            is_telling = time.monotonic() - self._away_at >= OVERDUE_AFTER
            self._ages = parse_ages(http_json(self._url)) if is_telling else {}


def all_overdue(queues: tuple[str, ...], ages: Mapping[str, float]) -> bool:
    """Whether `queues` is not empty and each is known and older than the limit."""
    return bool(queues) and all(ages.get(queue, 0.0) > OVERDUE_AFTER for queue in queues)


def parse_ages(document: Any) -> dict[str, float]:
    """The ages in an answer; what is not a number (a queue without a canary yet) is left out."""
    queues = document.get("queues") if isinstance(document, dict) else None
    if not isinstance(queues, dict):
        return {}
    return {
        str(queue): float(age)
        for queue, age in queues.items()
        if isinstance(age, int | float) and not isinstance(age, bool)
    }
