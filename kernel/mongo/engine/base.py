"""The engine's entry point: ``ENGINE = "kernel.mongo.engine"``."""

from typing import Any

from django.db.models.fields.tuple_lookups import TupleIn
from django_mongodb_backend.base import DatabaseWrapper as BaseWrapper
from django_mongodb_backend.operations import DatabaseOperations as BaseOperations

from kernel.mongo.engine.guard import Guarded
from kernel.mongo.engine.schema import SchemaEditor
from kernel.scoping.registry import is_owned


class Operations(BaseOperations):
    """Compilers come from this engine."""

    compiler_module = "kernel.mongo.engine.compiler"


_base_is_null = BaseWrapper.mongo_operators["isnull"]


def _is_null(column: str, is_null: bool) -> Any:
    return {column: None} if is_null else _base_is_null(column, is_null)


class DatabaseWrapper(BaseWrapper):
    """One connection. Collections of tenant models come guarded."""

    ops_class = Operations
    # What is missing equals null in MongoDB. The base's own form, an $or of both, keeps a filter with
    # other alternatives from being served by indexes.
    mongo_operators = {**BaseWrapper.mongo_operators, "isnull": _is_null}
    SchemaEditorClass = SchemaEditor

    def get_collection(self, name: str, **kwargs: Any) -> Any:
        collection = super().get_collection(name, **kwargs)
        return Guarded(collection, self) if is_owned(name) else collection


_tuple_in = TupleIn.as_mql


def _one_column_in(self: TupleIn, compiler: Any, connection: Any, **kwargs: Any) -> Any:
    """Since Django 5.2 prefetch compiles to a tuple lookup; of one column it is a plain ``$in``.

    As ``$expr`` it would scan the collection: 39 ms against 2.3 ms at 40,000 rows.
    """
    if len(self.lhs) != 1 or hasattr(self.rhs, "as_mql"):
        return _tuple_in(self, compiler, connection, **kwargs)
    (column,) = self.lhs.get_cols()
    values = [column.target.get_db_prep_value(value, connection) for (value,) in self.rhs]
    return {column.as_mql(compiler, connection): {"$in": values}}


TupleIn.as_mql = _one_column_in
