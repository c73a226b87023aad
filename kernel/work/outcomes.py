"""What a handler may say of an item, and what may be raised around it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Done:
    """Finished. ``apply`` runs in the transaction that marks the item done."""

    apply: Callable[[], None] | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Later:
    """Try again after ``seconds``; ``burn`` says whether the attempt counts."""

    seconds: float
    error: str
    burn: bool = True
    apply: Callable[[], None] | None = None


@dataclass(frozen=True, kw_only=True)
class Bury:
    """It can never be done: kept as dead, visible and replayable."""

    reason: str
    apply: Callable[[], None] | None = None


class Hold(Exception):
    """The whole lane cannot go on for a cause outside the item: park it, in order, until released."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StaleFence(RuntimeError):
    """The lease ran out and another holder took over: nothing of this holder may be written."""


Outcome = Done | Later | Bury
