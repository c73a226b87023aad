"""Calls to providers side by side: a few threads of the process, and who is there when a call ends."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache
from typing import Any

AT_ONCE = 16


class Call:
    """Something slow in a thread of the pool.

    ``late`` is run in that thread when the call ends after its starter has left it; otherwise the
    starter finds ``answer`` or ``error``. Exactly one of the two happens.
    """

    def __init__(self, work: Callable[[], Any], late: Callable[["Call"], None]) -> None:
        self.answer: Any = None
        self.error: Exception | None = None
        self._work, self._late = work, late
        self._lock = threading.Lock()
        self._ended = self._left = False

    def run(self) -> None:
        """Called by the pool."""
        try:
            self.answer = self._work()
        except Exception as error:  # noqa: BLE001  (it is told to whoever settles the call)
            self.error = error
        with self._lock:
            self._ended = True
        if self._left:
            self._late(self)

    def leave(self) -> bool:
        """Whether it still runs; if so, its own thread does what follows."""
        with self._lock:
            self._left = not self._ended
        return self._left


class Slots:
    """Places in the pool that were taken for one batch; what is not used goes back."""

    def __init__(self, pool: "Pool", count: int) -> None:
        self.count, self._pool = count, pool
        self._running: list[Future[None]] = []

    def start(self, call: Call) -> None:
        """Run a call in this batch's tenant; there must be a place left for it."""
        self.count -= 1
        self._running.append(self._pool.submit(call))

    def wait(self, seconds: float) -> None:
        """Until all the calls have ended, or for so long."""
        wait(self._running, timeout=seconds)


class Pool:
    """``AT_ONCE`` threads. A call is started only when a thread is free for it, because its attempt is on record."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="provider-call")
        self._free, self._changed = AT_ONCE, threading.Condition()

    @contextmanager
    def slots(self, most: int, wait_s: float) -> Iterator[Slots]:
        """Up to ``most`` places: all of them, or what is free after ``wait_s`` seconds."""
        most = min(most, AT_ONCE)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= most, wait_s)
            taken = Slots(self, min(most, self._free))
            self._free -= taken.count
        try:
            yield taken
        finally:
            self._give_back(taken.count)

    def submit(self, call: Call) -> "Future[None]":
        """Run it with the caller's context, which holds the tenant."""
        return self._threads.submit(copy_context().run, self._run, call)

    def wait_until_idle(self, seconds: float) -> bool:
        """For shutting down and for tests: whether all calls have ended, and what followed them."""
        with self._changed:
            return self._changed.wait_for(lambda: self._free == AT_ONCE, seconds)

    def _run(self, call: Call) -> None:
        try:
            call.run()
        finally:
            self._give_back(1)

    def _give_back(self, count: int) -> None:
        with self._changed:
            self._free += count
            self._changed.notify_all()


@cache
def pool() -> Pool:
    """The process's own; made when it is first needed, never carried into a child."""
    return Pool()


os.register_at_fork(after_in_child=pool.cache_clear)
