"""Finished parts, kept as files: a run that was interrupted goes on where it stopped."""

import hashlib
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kernel.dev.layout import ROOT
from tests.bench.figures import Findings, Measure
from tests.bench.sizes import Sizes

IGNORED = {".venv", "__pycache__", "docs"}


def code_mark() -> str:
    """Changes when any file of the product or of the benchmark changes."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> Iterable[Path]:
    found = [*ROOT.rglob("*.py"), *ROOT.glob("requirements*.txt")]
    return sorted(p for p in found if not _is_ignored(p.relative_to(ROOT).parts))


def _is_ignored(parts: tuple[str, ...]) -> bool:
    tests_of_others = "tests" in parts and "bench" not in parts
    hidden = any(part.startswith(".") for part in parts)
    return tests_of_others or hidden or bool(IGNORED & set(parts))


class Kept:
    """One JSON file for each part and size."""

    def __init__(self, data: Path, sizes: Sizes, mark: str) -> None:
        self.folder = data / "results" / sizes.name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.mark = mark

    def read(self, part: str) -> Findings | None:
        """What was found earlier, if it was with this very code."""
        document = self._document(part)
        if document is None or document["code"] != self.mark:
            return None
        measures = [Measure.of_json(each) for each in document["measures"]]
        return Findings(part, measures, document["remarks"])

    def write(self, findings: Findings, seconds: float) -> None:
        document = {
            "code": self.mark,
            "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            "seconds": round(seconds),
            "measures": [measure.as_json() for measure in findings.measures],
            "remarks": findings.remarks,
        }
        self._path(findings.part).write_text(json.dumps(document, indent=1) + "\n")

    def seconds(self, part: str) -> float | None:
        """How long the part took when it last ran to its end on this machine."""
        document = self._document(part)
        return document["seconds"] if document else None

    def _document(self, part: str) -> dict[str, Any] | None:
        try:
            document: dict[str, Any] = json.loads(self._path(part).read_text())
        except (OSError, ValueError):
            return None
        return document

    def _path(self, part: str) -> Path:
        return self.folder / f"{part}.json"
