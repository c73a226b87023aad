"""Figures: percentiles, medians of repetitions, bars, and what a measure says about itself."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest value that ``percent`` of an ascending sequence do not exceed; 0 of nothing."""
    if not ordered:
        return 0.0
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]


@dataclass(frozen=True)
class Measure:
    """One line of the table: a figure's repetitions and the bar it is held to.

    ``bar`` is ``">="`` or ``"<="`` and a number, or None for a figure that is only stated.
    """

    part: str
    name: str
    unit: str
    values: list[float]
    bar: tuple[str, float] | None = None
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values) if self.values else math.nan

    @property
    def verdict(self) -> str:
        if self.bar is None:
            return ""
        sign, limit = self.bar
        if math.isnan(self.median):
            return "not measured"
        met = self.median >= limit if sign == ">=" else self.median <= limit
        if met:
            return "met"
        off = abs(self.median - limit) / limit * 100
        return f"MISSED by {off:.0f} %"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, document: dict[str, Any]) -> Self:
        bar = document["bar"]
        return cls(**{**document, "bar": (bar[0], bar[1]) if bar else None})


@dataclass
class Findings:
    """What a part found: measures in the order of the table, and remarks below it."""

    part: str
    measures: list[Measure] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(
        self,
        name: str,
        unit: str,
        values: Sequence[float],
        *,
        bar: tuple[str, float] | None = None,
        note: str = "",
    ) -> Measure:
        made = Measure(self.part, name, unit, list(values), bar, note)
        self.measures.append(made)
        return made

    def remark(self, text: str) -> None:
        self.remarks.append(text)


def shown(value: float, unit: str) -> str:
    """A figure with as many digits as it deserves."""
    if math.isnan(value):
        return "–"
    if unit in {"ratio", "×"}:
        return f"{value:.2f}"
    if abs(value) >= 100 or unit == "count":
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2f}"
