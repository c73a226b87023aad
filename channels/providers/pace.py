"""How fast a provider lets a channel send."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Rate:
    """So many a second, and at most ``burst`` at once; ``name`` tells it from the channel's others."""

    name: str
    per_second: float
    burst: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast a channel of a kind may send.

    ``per_second`` is for all its messages, unless the account has a tier of its own; ``pair`` for
    those to one person; ``types`` for some types of message; ``private_reply`` for answers to
    comments; ``reads`` for looking at conversations. None where the provider has no such limit.
    """

    per_second: int
    pair: Rate | None = None
    types: Mapping[str, Rate] = field(default_factory=dict)
    private_reply: Rate | None = None
    reads: Rate | None = None
