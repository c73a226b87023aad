"""The audit log as a file: a line of JSON for each entry, or a table."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kernel.clock import iso
from kernel.models import AuditEntry

FIELDS = ("seq", "id", "occurred_at", "action", "actor_kind", "actor_id", "user_id", "on_behalf_of",
          "target_type", "target_id", "changes", "reason", "ip", "request_id", "prev", "hash")  # fmt: skip
# With one of these in front a spreadsheet takes a cell for a formula, or for two cells.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\x00")
Pages = Iterable[list[AuditEntry]]


def as_jsonl(pages: Pages) -> Iterator[bytes]:
    """An object for each entry, with all that the hash covers; times in RFC 3339."""
    for page in pages:
        lines = (json.dumps(entry_json(entry), ensure_ascii=False) for entry in page)
        yield ("\n".join(lines) + "\n").encode()


def as_csv(pages: Pages) -> Iterator[bytes]:
    """A header and a row for each entry (RFC 4180). No cell begins a formula: such text has a quote in front."""
    yield _rows([list(FIELDS)])
    for page in pages:
        yield _rows([[_cell(value) for value in entry_json(entry).values()] for entry in page])


def entry_json(entry: AuditEntry) -> dict[str, Any]:
    """An entry with its links in the chain."""
    values: dict[str, Any] = {name: getattr(entry, name) for name in FIELDS}
    return values | {"id": entry.pk, "occurred_at": iso(entry.occurred_at)}


FORMATS: dict[str, tuple[str, Callable[[Pages], Iterator[bytes]]]] = {
    "jsonl": ("application/jsonl", as_jsonl),
    "csv": ("text/csv; charset=utf-8", as_csv),
}


def _cell(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue().encode()
