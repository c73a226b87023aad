"""The figures at ``/metrics``: how late work is, what is dead or parked, how fast ingest follows.

Each figure is read by an index, over all tenants at once, at most every ten seconds.
"""

import time
from collections.abc import Iterator
from typing import Any

from bson import ObjectId
from django.apps import apps
from prometheus_client import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from kernel.clock import now
from kernel.models import Lane, WorkItem
from kernel.mongo.doors import collection
from kernel.scoping import Reason, unscoped
from kernel.work.registry import kinds
from kernel.work.sweep import canary_ages
from tenants.models import Tenant
from webhooks.models import WebhookDelivery

__all__ = ["CONTENT_TYPE", "exposition"]

KEPT_S = 10.0
MOST_LANES, MOST_ITEMS = 10_000, 100_000  # beyond, the figure means "at least"
_kept: tuple[float, bytes] = (0.0, b"")


def exposition() -> bytes:
    """All figures in Prometheus' text form; read again when they are ten seconds old."""
    global _kept
    if time.monotonic() - _kept[0] > KEPT_S or not _kept[1]:
        _kept = (time.monotonic(), generate_latest(_registry()))
    return _kept[1]


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    lag = Gauge("switchboard_oldest_due_seconds", "Age of the longest due lane", ["kind"],
                registry=registry)  # fmt: skip
    due = Gauge("switchboard_lanes_due", "Lanes that are due", ["kind"], registry=registry)
    for kind, age, count in _lanes():
        lag.labels(kind).set(age)
        due.labels(kind).set(count)
    items = Gauge("switchboard_items", "Work that stands still", ["collection", "state"],
                  registry=registry)  # fmt: skip
    for name, state, count in _still():
        items.labels(name, state).set(count)
    ages = Gauge("switchboard_canary_age_seconds", "Since each queue carried its canary", ["queue"],
                 registry=registry)  # fmt: skip
    for queue, age in canary_ages().items():
        ages.labels(queue).set(age)
    _ingest(registry)
    return registry


def _lanes() -> Iterator[tuple[str, float, int]]:
    at = now()
    for kind in kinds():
        rows = Lane.objects.filter(kind=kind.name, due_at__lte=at)
        oldest = rows.order_by("due_at").values_list("due_at", flat=True).first()
        age = (at - oldest).total_seconds() if oldest else 0.0
        where = {"kind": kind.name, "due_at": {"$lte": at}}
        yield kind.name, age, collection(Lane).count_documents(where, limit=MOST_LANES)


def _still() -> list[tuple[str, str, int]]:
    """Dead and parked items of each collection; the tenants' ids are what lets the index serve it."""
    tenants = [ObjectId(pk) for pk in Tenant.objects.values_list("id", flat=True)]
    models: list[Any] = [m for m in apps.get_models() if issubclass(m, WorkItem)]
    with unscoped(Reason.SWEEP_WORK):
        return [
            (model._meta.db_table, state, _count(model, tenants, state))
            for model in models
            for state in (WorkItem.DEAD, WorkItem.PARKED)
        ]


def _count(model: type[WorkItem], tenants: list[ObjectId], state: str) -> int:
    where = {"tenantId": {"$in": tenants}, "state": state}
    return int(collection(model).count_documents(where, limit=MOST_ITEMS))


def _ingest(registry: CollectorRegistry) -> None:
    lag = Gauge("switchboard_ingest_lag_seconds", "From receipt to routing, of the newest delivery",
                registry=registry)  # fmt: skip
    waiting = Gauge("switchboard_ingest_oldest_seconds", "Age of the oldest unrouted delivery",
                    registry=registry)  # fmt: skip
    done = WebhookDelivery.objects.filter(state=WebhookDelivery.DONE).order_by("-id")
    newest = done.only("received_at", "exploded_at").first()
    if newest is not None and newest.exploded_at is not None:
        lag.set((newest.exploded_at - newest.received_at).total_seconds())
    new = WebhookDelivery.objects.filter(state=WebhookDelivery.NEW).order_by("id")
    oldest = new.only("received_at").first()
    waiting.set((now() - oldest.received_at).total_seconds() if oldest else 0.0)
