"""How long one request's work on the database may take, leaving out what it waits for elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import pymongo
from pymongo.errors import ServerSelectionTimeoutError

T = TypeVar("T")
READ_S = 2.0
"""Seconds that the database may work on one read of a request."""


class Deadline:
    """A stretch of work on the database that begins anew whenever something else was waited for."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.begin()

    def begin(self) -> None:
        self._began = time.monotonic()
        self._bound: Any = pymongo.timeout(self._seconds)
        self._bound.__enter__()

    def end(self) -> None:
        self._bound.__exit__(None, None, None)

    @property
    def elapsed_s(self) -> float:
        """Seconds since this stretch began."""
        return time.monotonic() - self._began

    @property
    def is_over(self) -> bool:
        """Whether this stretch has taken all that it may."""
        return self.elapsed_s >= self._seconds


_current: ContextVar[Deadline | None] = ContextVar("database_deadline", default=None)


@contextmanager
def database_deadline(seconds: float) -> Iterator[Deadline]:
    """Within the block no command on the database outlasts ``seconds``, counted from where a stretch began."""
    deadline = Deadline(seconds)
    token = _current.set(deadline)
    try:
        yield deadline
    finally:
        _current.reset(token)
        deadline.end()


@contextmanager
def away_from_database() -> Iterator[None]:
    """Wait for a client or a disk, without a command on the database: the deadline begins anew after it."""
    deadline = _current.get()
    if deadline is None:
        yield
        return
    deadline.end()
    try:
        yield
    finally:
        deadline.begin()


def bounded_read(read: Callable[[], T]) -> T:
    """What ``read`` answers; in a request a query that works longer than ``READ_S`` is ended.

    That no member takes questions (an election) is no fault of the question: it is asked again
    until the request's own deadline.
    """
    deadline = _current.get()
    if deadline is None:
        return read()
    while True:
        try:
            with pymongo.timeout(READ_S):
                return read()
        except ServerSelectionTimeoutError:
            if deadline.is_over:
                raise
