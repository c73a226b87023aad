"""The kinds of work. Each app registers its own when it is ready."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kernel.work.lanes import Lease


@dataclass(frozen=True, kw_only=True)
class Released:
    """How a lane is put back: idle, due at a time, or held for a cause."""

    due_at: datetime | None = None
    held: str = ""
    served: int = 0


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of work: its Celery queue, its lease in seconds and what serves a leased lane.

    ``together`` serves several due lanes of one tenant at once, where a kind can.
    ``turns`` is how many lanes it is served in each rotation of its queue.
    The lanes of a ``one_shot`` kind carry one item each and go when it is done.
    """

    name: str
    queue: str
    serve: "Callable[[Lease], Released]"
    lease_s: float = 20.0
    one_shot: bool = False
    turns: int = 1
    together: "Callable[[list[Lease]], list[Released | None]] | None" = None


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Called once per kind at start-up; a name cannot be taken twice by different kinds."""
    known = _kinds.setdefault(kind.name, kind)
    if known is not kind and known.serve is not kind.serve:
        raise ValueError(f"the kind of work {kind.name} is registered twice")


def kind_named(name: str) -> Kind:
    return _kinds[name]


def kinds() -> tuple[Kind, ...]:
    return tuple(_kinds.values())
