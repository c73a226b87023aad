"""A process that dies: at the n-th write to the database, before or after it took effect."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kernel.mongo.engine.guard import Guarded

WRITES = ("insert_many", "insert_one", "delete_many", "update_many", "update_one", "bulk_write")


class Killed(BaseException):
    """No handler of the product catches it, as none runs after kill -9."""


@contextmanager
def killed_at(number: int, monkeypatch: Any, *, after: bool = False) -> Iterator[list[int]]:
    """Die at write ``number`` (from 1); yields a list whose length is the writes so far."""
    writes: list[int] = []

    def dying(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Guarded, *args: Any, **options: Any) -> Any:
            writes.append(1)
            if len(writes) == number and not after:
                raise Killed
            result = original(self, *args, **options)
            if len(writes) == number:
                raise Killed
            return result

        return call

    with monkeypatch.context() as patch:
        for name in WRITES:
            patch.setattr(Guarded, name, dying(getattr(Guarded, name)))
        yield writes


def until_done(step: Callable[[], bool], monkeypatch: Any, *, every: int, kills: int = 20) -> int:
    """Repeat ``step`` until it says False, killed again and again; returns how often it was."""
    died = 0
    while True:
        try:
            if died < kills:
                with killed_at(1 + (died * every) % 7, monkeypatch, after=died % 2 == 0):
                    more = step()
            else:
                more = step()
        except Killed:
            died += 1
            continue
        if not more:
            return died
