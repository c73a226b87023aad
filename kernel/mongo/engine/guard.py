"""The guard: no command on a tenant's collection leaves without the tenant.

The manager filters what goes through it; cascades, ``raw_aggregate``, the admin
and hand-written commands do not. Everything reaches the wire through here, so
here it is verified, narrowed where the ORM cannot be reached, and refused where
it cannot be read.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne

from kernel.mongo.deadline import bounded_read
from kernel.mongo.engine.pipelines import carries, checked
from kernel.scoping.context import TenantMismatch, active_tenant_id, is_unscoped
from kernel.scoping.registry import immutable_collections

READ_LIMIT_MS = 10_000


class Rewrite(StrEnum):
    """Why rows that are written once may change after all."""

    ERASURE = "erasure"
    RETENTION = "retention"
    COMPLETION = "completion"  # a placeholder becomes what it stood for
    RELAY = "relay"  # numbering events and chaining audit entries


class Immutable(RuntimeError):
    """A row that is written once was to be changed or deleted."""


_rewriting: ContextVar[Rewrite | None] = ContextVar("rewriting", default=None)


@contextmanager
def rewriting(reason: Rewrite) -> Iterator[None]:
    """Allow changes to immutable rows for a named reason."""
    token = _rewriting.set(reason)
    try:
        yield
    finally:
        _rewriting.reset(token)


class Guarded:
    """A collection of a tenant model. What is not listed here is refused."""

    def __init__(self, collection: Any, connection: Any) -> None:
        self._collection, self._connection = collection, connection
        self.name = collection.name

    def __getattr__(self, method: str) -> Any:
        raise TenantMismatch(f"{method} on {self.name} has no guarded door")

    # ------------------------------------------------------------------ reads

    def aggregate(self, pipeline: list[dict[str, Any]], **options: Any) -> Any:
        if not is_unscoped():
            pipeline = checked(pipeline, self._tenant(), self.name)
        options.setdefault("maxTimeMS", READ_LIMIT_MS)
        ask = partial(self._collection.aggregate, pipeline)
        return self._read(ask, options)

    def find(self, criteria: dict[str, Any], *args: Any, **options: Any) -> Any:
        self._demand(criteria, "find")
        options.setdefault("max_time_ms", READ_LIMIT_MS)
        # Nothing is asked before the cursor is read: whoever reads it bounds it (`find_rows`).
        return self._collection.find(criteria, *args, **self._in_session(options))

    def find_one(self, criteria: dict[str, Any], *args: Any, **options: Any) -> Any:
        self._demand(criteria, "find_one")
        options.setdefault("max_time_ms", READ_LIMIT_MS)
        ask = partial(self._collection.find_one, criteria, *args)
        return self._read(ask, options)

    def count_documents(self, criteria: dict[str, Any], **options: Any) -> int:
        self._demand(criteria, "count_documents")
        options.setdefault("maxTimeMS", READ_LIMIT_MS)
        ask = partial(self._collection.count_documents, criteria)
        return self._read(ask, options)

    def distinct(self, key: str, criteria: dict[str, Any], **options: Any) -> Any:
        self._demand(criteria, "distinct")
        options.setdefault("maxTimeMS", READ_LIMIT_MS)
        ask = partial(self._collection.distinct, key, criteria)
        return self._read(ask, options)

    # ------------------------------------------------------------------ writes

    def insert_one(self, document: dict[str, Any], **options: Any) -> Any:
        self._demand_owned(document, "insert")
        return self._collection.insert_one(document, **self._in_session(options))

    def insert_many(self, documents: Iterable[dict[str, Any]], **options: Any) -> Any:
        documents = list(documents)
        for document in documents:
            self._demand_owned(document, "insert")
        return self._collection.insert_many(documents, **self._in_session(options))

    def update_one(self, criteria: dict[str, Any], change: Any, **options: Any) -> Any:
        self._change(criteria, change, "update")
        return self._collection.update_one(criteria, change, **self._in_session(options))

    def update_many(self, criteria: dict[str, Any], change: Any, **options: Any) -> Any:
        self._change(criteria, change, "update")
        return self._collection.update_many(criteria, change, **self._in_session(options))

    def find_one_and_update(self, criteria: dict[str, Any], change: Any, **options: Any) -> Any:
        self._change(criteria, change, "find_one_and_update")
        return self._collection.find_one_and_update(criteria, change, **self._in_session(options))

    def replace_one(
        self, criteria: dict[str, Any], document: dict[str, Any], **options: Any
    ) -> Any:
        self._change(criteria, None, "replace")
        self._demand_owned(document, "replace")
        return self._collection.replace_one(criteria, document, **self._in_session(options))

    def delete_one(self, criteria: dict[str, Any], **options: Any) -> Any:
        return self._collection.delete_one(self._narrow(criteria), **self._in_session(options))

    def delete_many(self, criteria: dict[str, Any], **options: Any) -> Any:
        return self._collection.delete_many(self._narrow(criteria), **self._in_session(options))

    def bulk_write(self, requests: Iterable[Any], **options: Any) -> Any:
        requests = list(requests)
        for request in requests:
            self._check_request(request)
        return self._collection.bulk_write(requests, **self._in_session(options))

    # ------------------------------------------------------------------ rules

    def _tenant(self) -> ObjectId:
        return ObjectId(active_tenant_id())

    def _demand(self, document: Any, what: str) -> None:
        if not is_unscoped() and not carries(document, self._tenant()):
            raise TenantMismatch(f"{what} on {self.name} does not carry the active tenant")

    def _demand_owned(self, document: Any, what: str) -> None:
        """A document holds the tenant itself; what would do in a filter (``$in``, ``$or``) does not."""
        if not is_unscoped() and document.get("tenantId") != self._tenant():
            raise TenantMismatch(f"{what} on {self.name} does not carry the active tenant")

    def _mutable(self, what: str) -> None:
        if self.name in immutable_collections() and _rewriting.get() is None:
            raise Immutable(f"{what} on {self.name}: its rows are written once")

    def _change(self, criteria: Any, change: Any, what: str) -> None:
        self._mutable(what)
        self._demand(criteria, what)
        if not is_unscoped() and _sets_tenant(change, self._tenant()):
            raise TenantMismatch(f"{what} on {self.name} would move a row to another tenant")

    def _narrow(self, criteria: dict[str, Any]) -> dict[str, Any]:
        """Deletes come from Django's collector too, which knows no tenant: add it."""
        self._mutable("delete")
        if is_unscoped() or carries(criteria, self._tenant()):
            return criteria
        return {"$and": [{"tenantId": self._tenant()}, criteria]}

    def _check_request(self, request: Any) -> None:
        if isinstance(request, InsertOne):
            self._demand_owned(request._doc, "insert")
        elif isinstance(request, ReplaceOne):
            self._change(request._filter, None, "replace")
            self._demand_owned(request._doc, "replace")
        elif isinstance(request, UpdateOne | UpdateMany):
            self._change(request._filter, request._doc, "update")
        elif isinstance(request, DeleteOne | DeleteMany):
            self._mutable("delete")
            self._demand(request._filter, "delete")
        else:
            raise TenantMismatch(f"{type(request).__name__} on {self.name} cannot be read")

    def _read(self, ask: Any, options: dict[str, Any]) -> Any:
        """One read in a transaction is part of a write, which has all of the request's time."""
        ask = partial(ask, **self._in_session(options))
        return ask() if options["session"] is not None else bounded_read(ask)

    def _in_session(self, options: dict[str, Any]) -> dict[str, Any]:
        """A command inside a transaction belongs to it, whoever sends it."""
        if options.get("session") is None:
            options["session"] = self._connection.session
        return options


def _sets_tenant(change: Any, tenant: ObjectId) -> bool:
    stages = change if isinstance(change, list) else [change or {}]
    for stage in stages:
        for operator, fields in stage.items():
            if operator in ("$replaceWith", "$replaceRoot", "$project"):
                return True
            if operator == "$unset" and "tenantId" in fields:
                return True
            if isinstance(fields, dict) and "tenantId" in fields:
                value = fields["tenantId"]
                if value not in (tenant, {"$literal": tenant}):
                    return True
            if operator == "$rename" and "tenantId" in (*fields, *fields.values()):
                return True
    return False
