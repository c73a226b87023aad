"""Serving a lane: a batch in one transaction, or one item at a time; what fails is retried, split, buried."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError, IntegrityError
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError

from kernel.clock import now
from kernel.models.work import WorkItem
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.transactions import run_transaction
from kernel.work.blame import is_items_fault
from kernel.work.items import Batch, done_fields, finish, lane_of, lease_items
from kernel.work.lanes import Lease
from kernel.work.outcomes import Bury, Hold, Later, Outcome, StaleFence
from kernel.work.registry import Released

log = structlog.get_logger(agentName="kernel")
MAX_ATTEMPTS = 5
BACKOFF_S = (1.0, 2.0, 4.0, 8.0)


def serve_batches(
    model: type[WorkItem],
    lease: Lease,
    handle: Callable[[list[Any]], None],
    *,
    most: int,
    on_bury: Callable[[Any, str], None] | None = None,
) -> Released:
    """Serve a lane whose handler applies a whole batch inside one transaction.

    A batch that fails is split until the poisonous item stands alone; that one
    is retried and then buried, and the lane moves on.
    """
    batch = lease_items(model, lease, most, uncounted=lease.deaths > 0)
    if not batch.items:
        return Released(due_at=batch.due_at)
    if batch.items[0].attempts > MAX_ATTEMPTS:
        return _bury_killer(model, batch, on_bury)
    try:
        retry = _apply(model, batch.items, handle, on_bury)
    except Hold as hold:
        _park(model, lease, hold.reason)
        return Released(held=hold.reason)
    except (PyMongoError, DatabaseError):
        return _give_back(model, batch)
    return Released(due_at=retry or batch.next_turn(), served=len(batch.items))


def _bury_killer(model: Any, batch: Batch, on_bury: Any) -> Released:
    """The head was leased too often without an outcome: it takes its worker down with it."""
    head, rest = batch.items[0], batch.items[1:]
    bury(model, head, head.last_error or "its worker died too often", on_bury)
    finish(model, rest, {"state": WorkItem.READY})
    return Released(due_at=now(), served=1)


def _apply(model: Any, items: list[Any], handle: Any, on_bury: Any) -> datetime | None:
    """Apply a batch; returns when to come back if its last item must be tried again."""

    def body() -> None:
        handle(items)
        finish(model, items, done_fields())

    try:
        run_transaction_again(body)
        return None
    except (Hold, StaleFence):
        raise
    except Exception as error:  # (any bug in a handler is the item's fault until proven)
        if isinstance(error, PyMongoError | DatabaseError) and not is_items_fault(error):
            raise
        if len(items) > 1:
            return _split(model, items, handle, on_bury)
        return settle_failure(model, items[0], error, on_bury)


def run_transaction_again(body: Callable[[], None]) -> None:
    """A unique key taken by a concurrent transaction is no failure: the next try reads what it wrote."""
    for _ in range(3):
        try:
            return run_transaction(body)
        except (DuplicateKeyError, BulkWriteError, IntegrityError):
            continue
    return run_transaction(body)


def _split(model: Any, items: list[Any], handle: Any, on_bury: Any) -> datetime | None:
    middle = len(items) // 2
    retry = _apply(model, items[:middle], handle, on_bury)
    if retry is not None:
        finish(model, items[middle:], {"state": WorkItem.READY})
        return retry
    return _apply(model, items[middle:], handle, on_bury)


def settle_failure(model: Any, item: Any, error: Exception, on_bury: Any) -> datetime | None:
    """One item failed: try again later, or bury it after ``MAX_ATTEMPTS``."""
    text = f"{type(error).__name__}: {error}"[:500]
    log.warning("item.failed", collection=model._meta.db_table, item=item.pk, attempts=item.attempts,
                error=type(error).__name__, exc_info=error)  # fmt: skip
    if item.attempts >= MAX_ATTEMPTS:
        bury(model, item, text, on_bury)
        return None
    due_at = now() + timedelta(seconds=BACKOFF_S[min(item.attempts, len(BACKOFF_S)) - 1])
    finish(model, [item], {"state": WorkItem.READY, "due_at": due_at, "last_error": text})
    return due_at


def bury(model: Any, item: Any, reason: str, on_bury: Any = None) -> None:
    """Keep the item as dead, with its reason; the lane moves on."""

    def body() -> None:
        if on_bury:
            on_bury(item, reason)
        finish(model, [item], {"state": WorkItem.DEAD, "open": False, "finished_at": now(),
                               "reason": reason[:120], "last_error": reason})  # fmt: skip

    run_transaction(body)
    log.error("item.buried", collection=model._meta.db_table, item=item.pk, attempts=item.attempts)


def serve_one(
    model: type[WorkItem],
    lease: Lease,
    handle: Callable[[Any], Outcome],
    *,
    on_bury: Callable[[Any, str], None] | None = None,
) -> Released:
    """Serve the head of a lane whose handler acts on the outside world, one item at a time."""
    batch = lease_items(model, lease, 1)
    if not batch.items:
        return Released(due_at=batch.due_at)
    if batch.items[0].attempts > MAX_ATTEMPTS:
        return _bury_killer(model, batch, on_bury)
    return serve_leased(model, lease, batch, handle, on_bury=on_bury)


def serve_leased(
    model: type[WorkItem],
    lease: Lease,
    batch: Batch,
    handle: Callable[[Any], Outcome],
    *,
    on_bury: Callable[[Any, str], None] | None = None,
) -> Released:
    """``serve_one`` of an item that is leased already: the first of ``batch``."""
    item = batch.items[0]
    try:
        retry = _settle(model, item, handle(item), on_bury)
    except Hold as hold:
        _park(model, lease, hold.reason)
        return Released(held=hold.reason)
    except StaleFence:
        raise
    except Exception as error:  # noqa: BLE001  (a handler may fail in any way)
        if isinstance(error, PyMongoError | DatabaseError) and not is_items_fault(error):
            return _give_back(model, batch)
        retry = settle_failure(model, item, error, on_bury)
    return Released(due_at=retry or batch.next_turn(), served=1)


def _settle(model: Any, item: Any, outcome: Outcome, on_bury: Any) -> datetime | None:
    if isinstance(outcome, Bury):
        apply = outcome.apply
        bury(model, item, outcome.reason, on_bury if apply is None else lambda *_: apply())
        return None
    due_at = None
    if isinstance(outcome, Later):
        due_at = now() + timedelta(seconds=outcome.seconds)
        fields = {"state": WorkItem.READY, "due_at": due_at, "last_error": outcome.error[:500]}
        if not outcome.burn:
            fields["attempts"] = item.attempts - 1
    else:
        fields = done_fields(outcome.note)

    def body() -> None:
        if outcome.apply:
            outcome.apply()
        finish(model, [item], fields)

    run_transaction(body)
    return due_at


def _give_back(model: Any, batch: Batch) -> Released:
    """The database failed, not the items: they keep their attempts and the lane comes back soon."""
    log.warning(
        "batch.given_back", collection=model._meta.db_table, items=len(batch.items), exc_info=True
    )
    ids = [ObjectId(i.pk) for i in batch.items]
    mine = {**owner(), "_id": {"$in": ids}, "fence": batch.items[0].fence, "state": WorkItem.LEASED}
    collection(model).update_many(
        mine, {"$set": {"state": WorkItem.READY}, "$inc": {"attempts": -1}}
    )
    return Released(due_at=now() + timedelta(seconds=1))


def _park(model: Any, lease: Lease, reason: str) -> None:
    """What waits in a held lane is shown as parked; it keeps its place and its attempts."""
    waiting = {**owner(), "lane": lane_of(lease), "open": True, "fence": {"$lte": lease.fence}}
    change = {"$set": {"state": WorkItem.PARKED, "reason": reason, "attempts": 0}}
    collection(model).update_many(waiting, change)
