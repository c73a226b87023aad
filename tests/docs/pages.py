"""The project's documents, and what they name."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Written by hand. The page of errors is generated, the simulator's own README stands with it.
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "AGENTS.md",
        ROOT / "CHANGELOG.md",
        *(page for page in (ROOT / "docs").rglob("*.md") if page.name != "errors.md"),
    ]
)

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_TABLE = re.compile(r"<!-- (.+?) -->\n(.*?)<!-- end -->", re.DOTALL)
_PATH = re.compile(r"\.?[A-Za-z_][\w.*-]*(?:/[\w.*-]+)*/?")
_MEDIA_TYPES = ("application", "text", "image", "audio", "video")


def spans(page: Path) -> list[str]:
    """What stands between backticks in the running text."""
    return _SPAN.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))


def links(page: Path) -> Iterator[str]:
    """The targets of links and pictures that are files."""
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in target:
            yield target.partition("#")[0] or page.name


def paths(page: Path) -> Iterator[str]:
    """Spans that name a file or folder of the project, from its root."""
    for span in spans(page):
        name = span.partition("::")[0]
        first = name.partition("/")[0]
        is_path = "/" in name and _PATH.fullmatch(name) and first not in _MEDIA_TYPES
        if is_path and ("::" in span or (ROOT / first).exists()) and not first.startswith(".data"):
            yield name


def symbols(page: Path) -> Iterator[tuple[str, str]]:
    """``file::function`` spans, taken apart."""
    for span in spans(page):
        file, separator, name = span.partition("::")
        if separator:
            yield file, name


def rows(page: str, table: str) -> list[list[str]]:
    """The cells of the table that stands between ``<!-- table -->`` and ``<!-- end -->``."""
    text = (ROOT / page).read_text(encoding="utf-8")
    body = dict(_TABLE.findall(text))[table]
    lines = [line.strip().strip("|") for line in body.strip().splitlines()]
    return [[cell.strip() for cell in line.split(" | ")] for line in lines[2:]]


def names(cell: str) -> list[str]:
    """What stands between backticks in a cell."""
    return _SPAN.findall(cell)


@cache
def defined(file: str) -> frozenset[str]:
    """Names that a Python file defines: functions, classes and ``Class.method``."""
    found: set[str] = set()
    for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            inner = (n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
            found |= {f"{node.name}.{method.name}" for method in inner}
    return frozenset(found)
