"""All work of the active tenant at a glance, in one command over all collections of work."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.apps import apps

from kernel.models import WorkItem
from kernel.mongo.doors import collection, owner

MOST = 1000
Pipeline = list[dict[str, Any]]
Model = type[WorkItem]


@dataclass(frozen=True)
class Tally:
    """How many items of a model are in a state, counted up to ``MOST``, and when the oldest was due."""

    count: int = 0
    due_at: datetime | None = None

    def __str__(self) -> str:
        return f"{MOST:,}+" if self.count > MOST else f"{self.count:,}"


@dataclass(frozen=True)
class Stuck:
    """One dead or parked item."""

    model: Model
    id: str
    state: str
    reason: str
    last_error: str
    attempts: int
    created_at: datetime


def work_models() -> list[Model]:
    """Every collection of work."""
    return [model for model in apps.get_models() if issubclass(model, WorkItem)]


def tallies() -> dict[tuple[Model, str], Tally]:
    """Ready, parked and dead items of each model."""
    states = (WorkItem.READY, WorkItem.PARKED, WorkItem.DEAD)
    parts = [(model, _count(model, state)) for model in work_models() for state in states]
    named = {model._meta.db_table: model for model in work_models()}
    return {
        (named[row["model"]], row["state"]): Tally(row["n"], _utc(row["due_at"]))
        for row in _union(parts)
    }


def stuck(most_each: int = 20) -> list[Stuck]:
    """The newest dead and parked items of every model."""
    parts = [(model, _newest(model, most_each)) for model in work_models()]
    named = {model._meta.db_table: model for model in work_models()}
    found = [
        Stuck(named[row["model"]], str(row["_id"]), row["state"], row["reason"], row["last_error"],
              row["attempts"], _utc(row["created_at"]))
        for row in _union(parts)
    ]  # fmt: skip
    return sorted(found, key=lambda item: item.id, reverse=True)


@dataclass(frozen=True)
class Cause:
    """How many of a model's newest stuck items are in ``state`` for ``reason``, and since when."""

    model: Model
    state: str
    reason: str
    count: int
    since: datetime

    def __str__(self) -> str:
        return f"{MOST:,}+" if self.count >= MOST else f"{self.count:,}"


def causes() -> list[Cause]:
    """Why work is dead or parked, the most frequent first; of the newest ``MOST`` of each model and state."""
    parts = [(model, _by_reason(model, state)) for model in work_models()
             for state in (WorkItem.DEAD, WorkItem.PARKED)]  # fmt: skip
    named = {model._meta.db_table: model for model in work_models()}
    found = [
        Cause(named[row["model"]], row["state"], row["_id"], row["n"], _utc(row["since"]))
        for row in _union(parts)
    ]
    return sorted(found, key=lambda cause: -cause.count)


def _by_reason(model: Model, state: str) -> Pipeline:
    return [
        {"$match": {**owner(), "state": state}},
        {"$sort": {"_id": -1}},
        {"$limit": MOST},
        {"$group": {"_id": "$reason", "n": {"$sum": 1}, "since": {"$min": "$created_at"}}},
        {"$set": {"model": model._meta.db_table, "state": state}},
    ]


def _utc(moment: datetime) -> datetime:
    """The driver gives times without a zone; they are UTC."""
    return moment.replace(tzinfo=UTC)


def _count(model: Model, state: str) -> Pipeline:
    return [
        {"$match": {**owner(), "state": state}},
        {"$sort": {"_id": 1}},
        {"$limit": MOST + 1},
        {"$group": {"_id": None, "n": {"$sum": 1}, "due_at": {"$min": "$due_at"}}},
        {"$set": {"model": model._meta.db_table, "state": state}},
    ]


def _newest(model: Model, most: int) -> Pipeline:
    fields = ("state", "reason", "last_error", "attempts", "created_at")
    return [
        {"$match": {**owner(), "state": {"$in": [WorkItem.DEAD, WorkItem.PARKED]}}},
        {"$sort": {"_id": -1}},
        {"$limit": most},
        {"$project": dict.fromkeys(fields, 1)},
        {"$set": {"model": model._meta.db_table}},
    ]


def _union(parts: list[tuple[Model, Pipeline]]) -> list[dict[str, Any]]:
    """One command instead of one for each part."""
    (first, pipeline), *others = parts
    unions = [{"$unionWith": {"coll": m._meta.db_table, "pipeline": p}} for m, p in others]
    return list(collection(first).aggregate([*pipeline, *unions]))
