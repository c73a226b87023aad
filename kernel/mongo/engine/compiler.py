"""Queries in the order that lets an index serve them."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from bson import ObjectId
from django_mongodb_backend import compiler as base
from django_mongodb_backend.operations import DatabaseOperations
from django_mongodb_backend.query import MongoQuery, wrap_database_errors

from kernel.mongo.fields import DocumentField, IdField, PersonIdField

Stage = dict[str, Any]


class Query(MongoQuery):
    """Builds the pipeline: the local filter first, then the page, then joins and projection."""

    def get_cursor(self) -> Any:
        """By the index that the queryset names (``kernel.mongo.merged.hinted``), if it does."""
        index = getattr(self.query, "index_hint", "")
        if not index:
            return super().get_cursor()
        session = self.compiler.connection.session
        return self.compiler.collection.aggregate(self.get_pipeline(), session=session, hint=index)

    def get_pipeline(self) -> list[Stage]:
        if self._is_composite():
            return super().get_pipeline()
        aliases = self._joined_aliases()
        parts = _conjuncts(self.match_mql)
        early = [part for part in parts if not _mentions(part, aliases)]
        late = [part for part in parts if part not in early]
        if self._can_page_first(aliases, late):
            return [*_match(early), *self._page(early), *self._shape()]
        if not self.lookup_pipeline:
            return super().get_pipeline()
        return [*_match(early), *super().get_pipeline()]

    def _is_composite(self) -> bool:
        return bool(
            self.search_pipeline
            or self.subqueries
            or self.aggregation_pipeline
            or self.combinator_pipeline
            or self.subquery_lookup
        )

    def _joined_aliases(self) -> set[str]:
        refcount = self.compiler.query.alias_refcount
        return {a for a, n in refcount.items() if n and a != self.compiler.collection_name}

    def _can_page_first(self, aliases: set[str], late: list[Stage]) -> bool:
        """Whether the filter and the order are local and every join finds exactly one row at most."""
        if late or any("." in name for name in self.ordering) or self._computed():
            return False
        if any(self._is_projected(name) for name in self.ordering):
            return False
        if not aliases:
            return True
        joins = [self.compiler.query.alias_map[alias] for alias in aliases]
        return self.query.high_mark is not None and all(map(_keeps_rows, joins))

    def _computed(self) -> Stage:
        """Added fields that are not copies of a stored column (a copy hides the index from ``$sort``)."""
        return {k: v for k, v in (self.extra_fields or {}).items() if v != f"${k}"}

    def _is_projected(self, name: str) -> bool:
        """Whether an order is by what the projection computes, which so must come first."""
        return (self.project_fields or {}).get(name, 1) not in (1, True, f"${name}")

    def _page(self, filters: list[Stage]) -> list[Stage]:
        page: list[Stage] = []
        if self.ordering and not _finds_one(self.query.model, filters):
            page.append({"$sort": self.ordering})
        if self.query.low_mark > 0:
            page.append({"$skip": self.query.low_mark})
        if self.query.high_mark is not None:
            page.append({"$limit": self.query.high_mark - self.query.low_mark})
        return page

    def _shape(self) -> list[Stage]:
        project = [{"$project": self.project_fields}] if self.project_fields else []
        return [*(self.lookup_pipeline or []), *project]


def _conjuncts(match: Stage) -> list[Stage]:
    if not match:
        return []
    return list(match["$and"]) if set(match) == {"$and"} else [match]


def _match(parts: list[Stage]) -> list[Stage]:
    if not parts:
        return []
    return [{"$match": parts[0] if len(parts) == 1 else {"$and": parts}}]


def _finds_one(model: Any, filters: list[Stage]) -> bool:
    """Whether a unique key is given whole: one row needs no order.

    ``first()`` orders by primary key, and for that the planner may walk the
    primary key through everybody's rows instead of looking the key up.
    """
    given = {name for part in filters for name, value in part.items()
             if value is not None and not isinstance(value, dict) and not name.startswith("$")}  # fmt: skip
    meta = model._meta
    keys = [{field.column} for field in meta.concrete_fields if field.unique]
    keys += [{meta.get_field(name).column for name in constraint.fields}
             for constraint in meta.total_unique_constraints]  # fmt: skip
    return any(key <= given for key in keys)


def _mentions(mql: Any, aliases: set[str]) -> bool:
    """Whether a condition speaks of a joined row; an ``$expr`` may, so it counts while anything is joined."""
    if not aliases:
        return False
    text = repr(mql)
    return "$expr" in text or any(f"'{a}." in text or f"${a}." in text for a in aliases)


def _keeps_rows(join: Any) -> bool:
    to_one = join.join_field.many_to_one or join.join_field.one_to_one
    return bool(to_one and (join.join_type != "INNER JOIN" or not join.join_field.null))


class Indexed:
    """Mixed into every compiler."""

    query_class = Query


class SQLCompiler(Indexed, base.SQLCompiler):
    """Reads rows as the base does, without asking of each value again what its column is."""

    def cursor_iter(self, cursor: Any, chunk_size: int, columns: Any) -> Iterator[list[list[Any]]]:
        if any(getattr(c, "alias", None) not in (None, self.collection_name) for _, c in columns):
            yield from super().cursor_iter(cursor, chunk_size, columns)
            return
        names = [name for name, _ in columns]
        rows = ([document.get(name) for name in names] for document in cursor)
        while chunk := list(islice(rows, chunk_size)):
            yield chunk

    def apply_converters(self, rows: Iterable[Any], converters: Any) -> Iterator[list[Any]]:
        short, long = [], {}
        for position, (found, expression) in converters.items():
            convert = _SHORT.get(_functions(found))
            if convert is None:
                long[position] = (found, expression)
            elif convert is not _same:
                short.append((position, convert))
        for row in super().apply_converters(rows, long) if long else map(list, rows):
            for position, convert in short:
                if (value := row[position]) is not None:
                    row[position] = convert(value)
            yield row


def _functions(converters: list[Any]) -> tuple[Any, ...]:
    return tuple(getattr(one, "__func__", one) for one in converters)


def _same(value: Any) -> Any:
    return value


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


# What the chains of converters that our fields have come to.
_SHORT: dict[tuple[Any, ...], Callable[[Any], Any]] = {
    (IdField.from_db_value,): str,
    (PersonIdField.from_db_value,): str,
    (DocumentField.from_db_value,): _same,
    (DatabaseOperations.convert_datetimefield_value,): _aware,
    (DatabaseOperations.convert_integerfield_value,): int,
}


class SQLDeleteCompiler(Indexed, base.SQLDeleteCompiler):
    pass


class SQLAggregateCompiler(Indexed, base.SQLAggregateCompiler):
    pass


class SQLInsertCompiler(Indexed, base.SQLInsertCompiler):
    def insert(self, docs: list[Stage], returning_fields: Any = None) -> list[tuple[Any]]:
        """What an insert returns is the ``str`` id, as every other path gives."""
        rows = super().insert(docs, returning_fields=returning_fields)
        return [(str(pk) if isinstance(pk, ObjectId) else pk,) for (pk,) in rows]


class SQLUpdateCompiler(Indexed, base.SQLUpdateCompiler):
    @wrap_database_errors
    def update(self, criteria: Stage, pipeline: list[Stage]) -> int:
        """An update by primary key is one document: as ``update_one`` the driver retries it."""
        if not any(isinstance(part.get("_id"), ObjectId) for part in _conjuncts(criteria)):
            return super().update(criteria, pipeline)
        session = self.connection.session
        return self.collection.update_one(criteria, pipeline, session=session).matched_count
