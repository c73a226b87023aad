"""Comparing two tenants: rows per collection, and what their texts come to."""

import hashlib
from dataclasses import dataclass

from archives.carried import SEALED, carried, walked
from kernel.archive.order import Model
from kernel.archive.walk import count, pages
from kernel.scoping import tenant_scope
from messaging.models import Message

TEXTS = ("text", "seq", "direction", "type", "external_id", "provider_at", "created_at")


@dataclass(frozen=True)
class Line:
    """A collection with its rows in either tenant."""

    collection: str
    first: int
    second: int

    @property
    def is_same(self) -> bool:
        return self.first == self.second


def compare(first: str, second: str) -> list[Line]:
    """The carried collections of two tenants (ids), and the messages' words as the last line.

    The audit log is each tenant's own. ``messages (words)`` is equal when what was said, when and
    in which order is the same in both.
    """
    models = [model for model in carried() if model._meta.label != SEALED]
    counted = [
        {model._meta.db_table: n for model, n in _counts(models, id_)} for id_ in (first, second)
    ]
    lines = [Line(name, counted[0][name], counted[1][name]) for name in sorted(counted[0])]
    said = [_digest(id_) for id_ in (first, second)]
    return [*lines, Line("messages (words)", said[0], said[1])]


def _counts(models: list[Model], tenant_id: str) -> list[tuple[Model, int]]:
    with tenant_scope(tenant_id):
        return [
            (m, sum(len(rows) for rows in pages(m, **walked(m))) if walked(m) else count(m))
            for m in models
        ]


def _digest(tenant_id: str) -> int:
    """A number that the messages of a tenant add up to, whatever the ids are."""
    total = 0
    with tenant_scope(tenant_id):
        for rows in pages(Message):
            for row in rows:
                said = "|".join(_told(row[name]) for name in TEXTS)
                total += int.from_bytes(hashlib.sha256(said.encode()).digest()[:4], "big")
    return total


def _told(value: object) -> str:
    text = str(value)
    return "out:" if text.startswith("out:") else text
