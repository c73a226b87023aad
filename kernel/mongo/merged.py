"""Several querysets of one model read as one: each a run of an index of its own, merged in order.

A filter with alternatives leaves the planner to weigh dozens of plans against each other, and it
keeps what won by chance. Each part here names its index, so a page costs the same whatever the rows.
"""

import heapq
from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def hinted(rows: QuerySet[M], index: str) -> QuerySet[M]:
    """The queryset, read by the index of that name and no other."""
    rows.query.index_hint = index
    return rows


class Merged(Generic[M]):
    """What paging needs of a queryset. A row that several parts hold comes once."""

    def __init__(self, parts: Sequence[QuerySet[M]], keys: Sequence[str] = ()) -> None:
        self._parts, self._keys = parts, keys

    def filter(self, *conditions: Any, **columns: Any) -> "Merged[M]":
        return Merged([part.filter(*conditions, **columns) for part in self._parts], self._keys)

    def order_by(self, *keys: str) -> "Merged[M]":
        """Keys are all descending or all ascending, the last one unique."""
        return Merged([part.order_by(*keys) for part in self._parts], keys)

    def __getitem__(self, cut: slice) -> list[M]:
        """The first ``cut.stop`` rows."""
        found: dict[Any, M] = {}
        for row in self._in_order([part[: cut.stop] for part in self._parts]):
            found.setdefault(row.pk, row)
            if len(found) == cut.stop:
                break
        return list(found.values())

    def __iter__(self) -> Iterator[M]:
        return iter({row.pk: row for row in self._in_order(self._parts)}.values())

    def _in_order(self, parts: Sequence[QuerySet[M]]) -> Iterator[M]:
        names = [key.lstrip("-") for key in self._keys]
        newest_first = any(key.startswith("-") for key in self._keys)
        return heapq.merge(
            *parts, key=lambda row: [getattr(row, name) for name in names], reverse=newest_first
        )
