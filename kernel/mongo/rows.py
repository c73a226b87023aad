"""Rows without the query compiler: documents of the driver into model instances and back.

The ORM spends 1 ms on compiling a query and 50 µs on each row it reads; on the paths that every
message and every request takes, that is more than the database does. These two keep the models
(their names, their methods) and leave out the compiler. The guard stands below them all the same.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from bson import Int64, ObjectId
from django.db import connection, models

from kernel.mongo.deadline import bounded_read
from kernel.mongo.doors import collection, owner
from kernel.scoping.context import TenantMismatch, active_tenant_id, is_unscoped
from kernel.scoping.registry import is_owned

M = TypeVar("M", bound=models.Model)


def hydrated(model: type[M], documents: Iterable[dict[str, Any]]) -> list[M]:
    """Model instances of whole documents, as a queryset would return them."""
    of: Any = model
    names, columns = _layout(of)
    return [
        model.from_db("default", names, [_python(document.get(column)) for column in columns])
        for document in documents
    ]


def find_rows(model: type[M], where: dict[str, Any], **options: Any) -> list[M]:
    """The active tenant's rows that match a filter of the driver's language.

    ``options`` are the driver's: ``sort``, ``limit``, ``batch_size``.
    """
    cursor = collection(model).find({**owner(), **where}, **options)
    in_transaction = connection.session is not None  # then it has all of the request's time
    return hydrated(model, list(cursor) if in_transaction else bounded_read(lambda: list(cursor)))


def find_one(model: type[M], where: dict[str, Any]) -> M | None:
    """The row that a unique key names: of the active tenant, of any under ``unscoped``, or of a global model."""
    scoped = is_owned(model._meta.db_table) and not is_unscoped()
    found = collection(model).find_one({**owner(), **where} if scoped else where)
    return hydrated(model, [found])[0] if found else None


def insert_rows(rows: Sequence[Any]) -> None:
    """Insert rows of one model, stamped with the active tenant; raises ``TenantMismatch`` for another's.

    References are not looked up as ``save`` does: for rows that refer to what was read in the
    same scope.
    """
    if not rows:
        return
    stamp, tenant_id = owner(), active_tenant_id()
    if any(row.tenant_id not in (None, tenant_id) for row in rows):
        raise TenantMismatch("a row of another tenant cannot be written here")
    collection(type(rows[0])).insert_many([{**document(row), **stamp} for row in rows])
    for row in rows:
        row.tenant_id = tenant_id
        row._state.adding, row._state.db = False, "default"


def document(row: models.Model) -> dict[str, Any]:
    """What the ORM would write for the row."""
    of: Any = type(row)
    values = row.__dict__
    return {
        column: value if convert is None or value is None or value == "" else convert(value)
        for attribute, column, convert in _writing(of)
        for value in (values[attribute],)
    }


@cache
def _layout(model: Any) -> tuple[list[str], list[str]]:
    fields = model._meta.concrete_fields
    return [field.attname for field in fields], [str(field.column) for field in fields]


@cache
def _writing(model: Any) -> list[tuple[str, str, Callable[[Any], Any] | None]]:
    return [(f.attname, str(f.column), _stored_as(f)) for f in model._meta.concrete_fields]


def _stored_as(field: Any) -> Callable[[Any], Any] | None:
    """Integers as longs: an index that is partial by type would not hold them otherwise."""
    if field.primary_key or field.is_relation:
        return ObjectId
    kind = field.get_internal_type()
    return Int64 if "IntegerField" in kind and "Small" not in kind else None


def _python(value: Any) -> Any:
    """Ids are text, integers are Python's, times know their zone, as the models' fields have them."""
    kind = type(value)
    if kind is ObjectId:
        return str(value)
    if kind is Int64:
        return int(value)
    if kind is datetime and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value
