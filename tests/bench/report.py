"""The table of a run, on the terminal and in the documentation."""

import re
from collections.abc import Sequence
from pathlib import Path

from kernel.dev.layout import ROOT
from tests.bench.figures import Findings, Measure, shown

PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- results -->", "<!-- end -->"
HEAD = ("", "measure", "bar", "measured", "spread", "verdict")
Facts = Sequence[tuple[str, str]]


def table(findings: Sequence[Findings]) -> str:
    """Columns of even width."""
    rows = [HEAD, *(_row(measure) for found in findings for measure in found.measures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
             for row in rows]  # fmt: skip
    lines.insert(1, "-" * max(map(len, lines)))
    remarks = [f"({found.part}) {text}" for found in findings for text in found.remarks]
    return "\n".join([*lines, "", *remarks])


def _row(measure: Measure) -> tuple[str, ...]:
    unit = "" if measure.unit in {"ratio", "count"} else f" {measure.unit}"
    bar = ""
    if measure.bar:
        sign = {">=": "≥", "<=": "≤"}[measure.bar[0]]
        bar = f"{sign} {measure.bar[1]:,g}{unit}"
    name = f"{measure.name} ({measure.note})" if measure.note else measure.name
    return (measure.part, name, bar, f"{shown(measure.median, measure.unit)}{unit}",
            _spread(measure), measure.verdict)  # fmt: skip


def _spread(measure: Measure) -> str:
    if len(measure.values) < 2:
        return ""
    low, high = (shown(each(measure.values), measure.unit) for each in (min, max))
    return f"{low} – {high} of {len(measure.values)}"


def published(findings: Sequence[Findings], facts: Facts, size: str) -> str:
    """The results section as Markdown."""
    facts_lines = [f"| {name} | {value} |" for name, value in facts]
    lines = [f"Sizes: {size}.", "", "| run | |", "|---|---|", *facts_lines, "",
             "| part | measure | bar | median | spread | verdict |", "|---|---|---|---|---|---|"]  # fmt: skip
    for found in findings:
        lines += ["| " + " | ".join(_row(measure)) + " |" for measure in found.measures]
    lines += ["", *(f"- ({found.part}) {text}" for found in findings for text in found.remarks)]
    return "\n".join(lines)


def publish(findings: Sequence[Findings], facts: Facts, size: str, page: Path = PAGE) -> None:
    """Rewrite what stands between the marks of the page."""
    section = f"{BEGIN}\n{published(findings, facts, size)}\n{END}"
    text = page.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{page.name} has no place for results")
    page.write_text(pattern.sub(lambda _: section, text), encoding="utf-8")
