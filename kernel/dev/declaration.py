"""What a process of the system is, before it runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

Probe = Callable[[Sequence[str]], bool]
"""Is the process ready? Given the last lines it printed; must answer within about a second."""


class Tier(IntEnum):
    """The order of starting; stopping goes backwards, one tier after the other.

    What lets work in stops first, then who does the work, and the databases last, so that
    nothing loses its database while it is finishing.
    """

    DATABASE = 0
    SIMULATOR = 1
    WORKER = 2
    DOOR = 3


def always_ready(_: Sequence[str]) -> bool:
    """The probe of a process whose readiness shows elsewhere."""
    return True


@dataclass(frozen=True)
class Process:
    """One long-running command.

    `ready` is polled after each start. `canaries` are the queues whose progress proves this
    process alive: when all of them are overdue it is restarted. `quiet` keeps its lines out of
    the terminal (they are always in its log file).
    """

    name: str
    command: tuple[str, ...]
    tier: Tier
    ready: Probe = always_ready
    canaries: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    quiet: bool = False
