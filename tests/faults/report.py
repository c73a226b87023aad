"""Report lines: one for each trial, kept as JSON lines, shown as a table."""

import json
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kernel.dev.binaries import find_mongod, find_redis_server
from kernel.dev.layout import ROOT

FOLDER = ROOT / ".data-faults"
RESULTS = FOLDER / "results.jsonl"


@dataclass
class Line:
    """One trial. `items` is N, the messages that were posted or promised; `inv` counts inversions."""

    row: int
    name: str
    seed: int
    short: bool
    items: int = 0
    acked: int = 0
    lost: int = 0
    dup: int = 0
    inv: int = 0
    unknown: int = 0
    http: dict[str, int] = field(default_factory=dict)
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    recovery_p50_s: float = 0.0
    recovery_max_s: float = 0.0
    rss_max_mb: float = 0.0
    passed: bool = False
    seconds: float = 0.0
    figure: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)


def keep(line: Line) -> None:
    FOLDER.mkdir(exist_ok=True)
    with RESULTS.open("a") as file:
        file.write(json.dumps(asdict(line)) + "\n")


def kept(path: Path = RESULTS) -> list[Line]:
    if not path.exists():
        return []
    return [Line(**json.loads(text)) for text in path.read_text().splitlines()]


def bound(failures: int, of: int) -> str:
    """k of N; none of N is published as the upper bound of 95 %, 3/N."""
    if failures or not of:
        return f"{failures} of {of:,}"
    return f"0 of {of:,} (≤ {3 / of:.1e})"


COLUMNS = ("row", "what", "seed", "N", "lost", "dup", "inv", "unknown", "2xx/4xx/5xx/none", "p50/p99 ms",
           "recovery s", "RSS MB", "took s", "")  # fmt: skip


def cells(line: Line) -> tuple[str, ...]:
    http = "/".join(str(line.http.get(k, 0)) for k in ("2xx", "4xx", "5xx", "none"))
    return (
        str(line.row), line.name, str(line.seed), str(line.items), str(line.lost), str(line.dup),
        str(line.inv), str(line.unknown), http, f"{line.p50_ms:.0f}/{line.p99_ms:.0f}",
        f"{line.recovery_p50_s:.1f}/{line.recovery_max_s:.1f}", f"{line.rss_max_mb:.0f}",
        f"{line.seconds:.0f}", "pass" if line.passed else "FAIL",
    )  # fmt: skip


def table(lines: Iterable[Line]) -> str:
    rows = [COLUMNS, *(cells(line) for line in lines)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(COLUMNS))]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([text[0], "-" * len(text[0]), *text[1:]])


def about() -> dict[str, str]:
    """Versions and the machine, as the results name them."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": _commit(),
        "python": platform.python_version(),
        "mongod": _version(find_mongod(FOLDER / "bin")),
        "redis": _version(find_redis_server(FOLDER / "bin")),
        "celery": version("celery"),
        "pymongo": version("pymongo"),
        "granian": version("granian"),
        "cores": str(__import__("os").cpu_count()),
    }


def _commit() -> str:
    """The commit, and whether the product differs from it."""
    commit = _said("git", "rev-parse", "--short=10", "HEAD")
    elsewhere = (".", ":!tests", ":!docs", ":!.venv")
    changed = _said("git", "status", "--porcelain", "--", *elsewhere)
    return f"{commit} with changes" if commit and changed else commit or "unknown"


def _version(program: Path) -> str:
    words = (_said(str(program), "--version") or "unknown").split()
    found = [w.removeprefix("v=").removeprefix("v") for w in words if any(c.isdigit() for c in w)]
    return found[0] if found else "unknown"


def _said(*command: str) -> str:
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return result.stdout.strip()
