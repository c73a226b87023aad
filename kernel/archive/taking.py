"""A row of an archive as a row of the new tenant: every column checked against its field, every id mapped."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import Binary, Int64, ObjectId
from django.db import models

from kernel.archive.errors import ArchiveRefused
from kernel.archive.order import Model, references
from kernel.archive.remap import Remap
from kernel.models.work import WorkItem
from kernel.mongo.fields import DocumentField
from kernel.scoping.fields import TenantForeignKey

_OWN_FILE = re.compile(r"(media|thumbnails)/[0-9a-f]{2}/[0-9a-f]{64}")
_OWN_ID = re.compile(r"(out:)?[0-9a-f]{24}")
CLOSED = "it was open in the archive"


@dataclass(frozen=True)
class Rules:
    """What is particular to a model.

    ``documents`` are columns with ids of ours in them (and the names under which they stand, None
    for all), ``ids`` texts that may be such an id, ``paths`` places of files, ``blank`` what is emptied.
    """

    documents: Mapping[str, Collection[str] | None] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()


def taken(model: Model, row: dict[str, Any], remap: Remap, rules: Rules) -> dict[str, Any]:
    """The row for the new tenant; ``ArchiveRefused`` if it is none of this model."""
    columns = {str(f.column): f for f in model._meta.concrete_fields}
    if unknown := sorted(set(row) - set(columns)):
        raise ArchiveRefused(f"{model._meta.db_table} has no column {unknown[0][:60]!r}")
    if row.get("tenantId") != ObjectId(remap.origin) or not isinstance(row.get("_id"), ObjectId):
        raise ArchiveRefused(f"a row of {model._meta.db_table} is of another tenant, or of none")
    made: dict[str, Any] = {}
    for column, kind in columns.items():
        value = row[column] if column in row else _default(kind)
        _check(model, kind, value)
        made[column] = _mapped(kind, value, remap, rules)
    for column in rules.blank:
        made[column] = _default(columns[column])
    if issubclass(model, WorkItem) and made["open"]:
        was = made["state"]
        made |= {
            "open": False,
            "state": WorkItem.DEAD,
            "fence": Int64(0),
            "reason": f"{CLOSED}: {was}",
        }
    return made


def _default(kind: Any) -> Any:
    """A column that the archive's version did not have."""
    if kind.null:
        return None
    if not kind.has_default():
        return "" if kind.empty_strings_allowed else None
    value = kind.get_default()
    return Int64(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _check(model: Model, kind: Any, value: Any) -> None:
    """A value has its field's type and length."""
    if value is None and kind.null:
        return
    if not _fits(kind, value):
        raise ArchiveRefused(f"{model._meta.db_table}.{kind.column} does not hold such a value")


def _fits(kind: Any, value: Any) -> bool:
    if kind.primary_key or kind.is_relation:
        return isinstance(value, ObjectId)
    if isinstance(kind, DocumentField):
        return not isinstance(value, ObjectId | datetime)
    if isinstance(kind, models.BooleanField):
        return isinstance(value, bool)
    if isinstance(kind, models.IntegerField):
        return isinstance(value, int) and not isinstance(value, bool)
    if isinstance(kind, models.DateTimeField):
        return isinstance(value, datetime)
    if isinstance(kind, models.BinaryField):
        return isinstance(value, bytes | Binary)
    if isinstance(kind, models.CharField | models.TextField):
        return isinstance(value, str) and _is_allowed(kind, value)
    return isinstance(value, list | dict | str | int | float)


def _is_allowed(kind: Any, value: str) -> bool:
    if kind.max_length is not None and len(value) > kind.max_length:
        return False
    return not kind.choices or value in {choice for choice, _ in kind.flatchoices} | {""}


def _mapped(kind: Any, value: Any, remap: Remap, rules: Rules) -> Any:
    column = str(kind.column)
    if column == "tenantId" or kind.primary_key or isinstance(kind, TenantForeignKey):
        return remap.id(value) if value is not None else None
    if column in rules.documents:
        return remap.document(value, names=rules.documents[column])
    if column in rules.paths and value:
        return _own_path(value, remap)
    if column == "lane" or (isinstance(value, str) and _is_id(kind)):
        return remap.text(value)
    if column in rules.ids and isinstance(value, str) and _OWN_ID.fullmatch(value):
        return remap.text(value)
    return value


def _is_id(kind: Any) -> bool:
    """A text column that names a row of ours: as long as an id, and called so."""
    return isinstance(kind, models.CharField) and kind.max_length == 24 and (
        kind.attname.endswith("_id"))  # fmt: skip


def _own_path(value: str, remap: Remap) -> str:
    folder, _, rest = value.partition("/")
    if folder != remap.origin or not _OWN_FILE.fullmatch(rest):
        raise ArchiveRefused("a file's place is not in its tenant's folder")
    return f"{remap.target}/{rest}"


def missing(model: Model, rows: list[dict[str, Any]], known: Any) -> list[str]:
    """Columns of rows that refer to what is not there; ``known(model, ids)`` gives the ids that are."""
    found = []
    for column, other in references(model).items():
        ids = {row[column] for row in rows if row[column] is not None}
        if ids and ids - known(other, ids):
            found.append(column)
    return found
