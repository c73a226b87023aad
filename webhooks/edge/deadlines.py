"""Deadlines for many short waits: one look around now and then instead of a timer for each.

A timer of its own costs a request more than checking its signature does, and nearly none ever fires.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")
LOOKS = 10


class Deadlines:
    """Ends what takes longer than ``seconds``, at most a tenth of them late."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends: dict[asyncio.Task[object], float] = {}
        self._late: set[asyncio.Task[object]] = set()
        self._looking: asyncio.TimerHandle | None = None

    async def within(self, waiting: Awaitable[T]) -> T:
        """What ``waiting`` returns; raises ``TimeoutError`` when that takes too long."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline needs a task that can be cancelled")
        loop = task.get_loop()
        self._ends[task] = loop.time() + self._seconds
        if self._looking is None:
            self._looking = loop.call_later(self._seconds / LOOKS, self._look, loop)
        try:
            return await waiting
        except asyncio.CancelledError:
            if task in self._late and task.uncancel() == 0:
                raise TimeoutError from None
            raise
        finally:
            del self._ends[task]
            self._late.discard(task)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._looking = None
        now = loop.time()
        for task, end in list(self._ends.items()):
            if end <= now and task not in self._late:
                self._late.add(task)
                task.cancel()
        if self._ends:
            self._looking = loop.call_later(self._seconds / LOOKS, self._look, loop)
