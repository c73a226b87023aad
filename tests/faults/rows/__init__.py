"""The rows, by their numbers. Importing this package registers all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.faults.product import Spec
from tests.faults.trial import Trial

Figure = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One row of the matrix. `in_short` rows run in continuous integration, on one shared stack."""

    number: int
    name: str
    function: Callable[[Trial], Figure]
    spec: Spec
    in_short: bool = False


ROWS: dict[int, Row] = {}


def row(
    number: int, name: str, *, members: int = 1, relay: bool = False, short: bool = False
) -> Callable[[Callable[[Trial], Figure]], Callable[[Trial], Figure]]:
    """Register a function as a row; it returns the row's own figures."""

    def register(function: Callable[[Trial], Figure]) -> Callable[[Trial], Figure]:
        ROWS[number] = Row(number, name, function, Spec(members, relay), short)
        return function

    return register


def load_rows() -> dict[int, Row]:
    """All rows, in order."""
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem != "__init__":
            import_module(f"{__name__}.{path.stem}")
    return dict(sorted(ROWS.items()))
