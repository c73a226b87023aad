"""Walking all rows of a tenant in one collection, in pages, along an index that starts with the tenant.

A page begins exactly where the last one ended, so a walk can stop anywhere and go on in
another process; no page sorts, and none reads another tenant's rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from bson import MaxKey, MinKey
from django.db import models

from kernel.archive.order import Model
from kernel.mongo.doors import collection, owner

PAGE_MS = 60_000
Key = list[Any]


@dataclass(frozen=True)
class Path:
    """An index whose keys are all different: pairs of column and direction."""

    keys: tuple[tuple[str, int], ...]


@cache
def path_of(model: Model) -> Path | None:
    """The index to walk along; None for a model with one row for each tenant, or with none to walk along."""
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.condition is None:
            columns = _columns(model, constraint.fields)
            if columns is not None and len(columns) > 1 and columns[0][0] == "tenantId":
                return Path(columns)
    for index in model._meta.indexes:
        columns = _columns(model, index.fields, nullable=True)
        if index.condition is None and columns and columns[-1][0] == "_id":
            return Path(columns)
    return None


def _columns(
    model: Model, names: Any, *, nullable: bool = False
) -> tuple[tuple[str, int], ...] | None:
    found = []
    for name in names:
        field = model._meta.get_field(name.removeprefix("-"))
        if field.null and not nullable:
            return None
        found.append((str(field.column), -1 if name.startswith("-") else 1))
    return tuple(found)


def page(
    model: Model, after: Key | None, most: int, *, along: Path | None = None,
    where: dict[str, Any] | None = None,
) -> tuple[list[dict[str, Any]], Key | None]:  # fmt: skip
    """Up to ``most`` documents after a key, and the key to go on from; None at the end.

    ``along`` and ``where`` are for a model whose index holds only some of its rows.
    """
    which: Any = model
    path = along or path_of(which)
    if path is None:
        return _page_by_id(model, after, most, where or {})
    options: dict[str, Any] = {
        "hint": list(path.keys), "min": _bound(path, after, first=True), "max": _bound(path, None, first=False),
        "limit": most + 1, "batch_size": most + 2, "max_time_ms": PAGE_MS,
    }  # fmt: skip
    rows = list(collection(model).find({**owner(), **(where or {})}, **options))
    if after is not None and rows and key_of(path, rows[0]) == list(after):
        rows = rows[1:]
    rows, more = rows[:most], len(rows) >= most
    return rows, key_of(path, rows[-1]) if rows and more else None


def key_of(path: Path, row: dict[str, Any]) -> Key:
    return [row.get(column) for column, _ in path.keys[1:]]


def _bound(path: Path, after: Key | None, *, first: bool) -> dict[str, Any]:
    """The first key of the tenant, or the one after which its last key would be; in the index's order."""
    bound: dict[str, Any] = {"tenantId": owner()["tenantId"]}
    for number, (column, direction) in enumerate(path.keys[1:]):
        if after is not None:
            bound[column] = after[number]
        else:
            bound[column] = MinKey() if (direction == 1) == first else MaxKey()
    return bound


def _page_by_id(
    model: Model, after: Key | None, most: int, where: dict[str, Any]
) -> tuple[list[dict[str, Any]], Key | None]:
    beyond = {"_id": {"$gt": after[0]}} if after else {}
    some: dict[str, Any] = {"sort": [("_id", 1)], "limit": most, "max_time_ms": PAGE_MS}
    rows = list(collection(model).find({**owner(), **where, **beyond}, **some))
    return rows, [rows[-1]["_id"]] if len(rows) == most else None


def pages(model: Model, most: int = 500, **options: Any) -> Iterator[list[dict[str, Any]]]:
    """All pages of the active tenant, one after the other."""
    rows, after = page(model, None, most, **options)
    while True:
        yield rows
        if after is None:
            return
        rows, after = page(model, after, most, **options)


def count(model: Model) -> int:
    """How many rows the tenant has."""
    return int(collection(model).count_documents(owner(), maxTimeMS=PAGE_MS))
