"""Unique indexes that the planner can use for lookups."""

from typing import Any

import pymongo
from django_mongodb_backend.schema import DatabaseSchemaEditor as BaseSchemaEditor
from pymongo import IndexModel

LONGEST_S = 24 * 3600.0


class SchemaEditor(BaseSchemaEditor):
    """Works on bare collections: indexes and collections are not rows of a tenant.

    While a migration runs the client waits for the database as long as that takes: an index of a
    million rows is made in minutes, and an answer is otherwise given up after seconds.
    """

    _nullable: frozenset[str] = frozenset()

    def __enter__(self) -> Any:
        self._patience = pymongo.timeout(LONGEST_S)
        self._patience.__enter__()
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        try:
            super().__exit__(*error)
        finally:
            self._patience.__exit__(*error)

    def get_collection(self, name: str) -> Any:
        if self.collect_sql:
            return super().get_collection(name)
        return _PlainUnique(self.connection.database[name], self._nullable)

    def effective_default(self, field: Any) -> Any:
        """A new column's value for old rows, which the backend puts into a pipeline: there an empty object is refused."""
        return {"$literal": super().effective_default(field)}

    def add_index(self, model: Any, index: Any, *, field: Any = None, **kwargs: Any) -> None:
        fields = [field] if field else [model._meta.get_field(n) for n, _ in index.fields_orders]
        self._nullable = frozenset(f.column for f in fields if f.null)
        try:
            super().add_index(model, index, field=field, **kwargs)
        finally:
            self._nullable = frozenset()


class _PlainUnique:
    """A collection whose unique indexes keep only the filters that NULLs or conditions need.

    The backend filters every column of a unique index by its ``$type`` so that
    NULLs stay distinct; such a partial index serves no lookup. Where no column
    is nullable the filter means nothing and is left out.
    """

    def __init__(self, collection: Any, nullable: frozenset[str]) -> None:
        self._collection, self._nullable = collection, nullable

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)

    def create_indexes(self, models: list[IndexModel], **kwargs: Any) -> Any:
        return self._collection.create_indexes(
            [plain_unique(m, self._nullable) for m in models], **kwargs
        )


def plain_unique(model: IndexModel, nullable: frozenset[str] = frozenset()) -> IndexModel:
    """The same index without ``$type`` filters on columns that are never NULL."""
    document = dict(model.document)
    partial = document.get("partialFilterExpression")
    if not document.get("unique") or not partial:
        return model
    kept = {column: _kept(condition, column in nullable) for column, condition in partial.items()}
    kept = {column: condition for column, condition in kept.items() if condition}
    options = {"partialFilterExpression": kept} if kept else {}
    return IndexModel(list(document["key"].items()), name=document["name"], unique=True, **options)


def _kept(condition: dict[str, Any], nullable: bool) -> dict[str, Any]:
    """A number written by hand is an ``int`` where the ORM writes a ``long``: the type must not matter."""
    return {name: value for name, value in condition.items() if nullable or name != "$type"}
