"""Rows as lines of text: MongoDB's canonical Extended JSON, so that ids, times and widths come back as they were."""

import json
from datetime import UTC, datetime
from typing import Any

from bson import Binary, Int64, ObjectId, json_util
from bson.errors import BSONError

from kernel.archive.errors import ArchiveRefused

DEEPEST = 60
OPTIONS = json_util.CANONICAL_JSON_OPTIONS.with_options(tz_aware=True, tzinfo=UTC)
PLAIN = (str, bool, int, float, Int64, ObjectId, datetime, bytes, Binary)


def as_line(document: dict[str, Any]) -> bytes:
    """One row, with its line end."""
    text = json_util.dumps(document, json_options=OPTIONS, separators=(",", ":"))
    return text.encode() + b"\n"


def as_document(line: bytes) -> dict[str, Any]:
    """The row of a line; ``ArchiveRefused`` for what no row of ours can hold."""
    try:
        row = json_util.loads(line.decode(), json_options=OPTIONS)
    except (ValueError, TypeError, KeyError, OverflowError, BSONError, RecursionError) as error:
        raise ArchiveRefused(f"a row cannot be read: {type(error).__name__}") from error
    if not isinstance(row, dict):
        raise ArchiveRefused("a row is not an object")
    _check(row, 0)
    return row


def _check(value: Any, depth: int) -> None:
    """Only what BSON stores plainly: no code, patterns, references or operators."""
    if depth > DEEPEST:
        raise ArchiveRefused("a row is nested too deeply")
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str) or key.startswith("$") or "\0" in key:
                raise ArchiveRefused("a row has a name that no row may have")
            _check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ArchiveRefused("a number of a row is beyond 64 bits")
    elif isinstance(value, str) and not _is_text(value):
        raise ArchiveRefused("a text of a row is not Unicode")
    elif value is not None and type(value) not in PLAIN:
        raise ArchiveRefused(f"a row holds a {type(value).__name__}")


def _is_text(value: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def as_json(value: Any) -> bytes:
    """A small document of plain JSON, such as the manifest, in one form."""
    return json.dumps(value, sort_keys=True, indent=2).encode() + b"\n"
