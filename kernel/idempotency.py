"""Idempotency keys: an unsafe request that is repeated gets the first one's answer.

The key's row is marked ``committed`` inside the transaction that makes the
effect, so even a crash between effect and answer cannot make it happen twice.
Every change is audited in its transaction, and the audit log marks the key.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pymongo
from django.db import IntegrityError
from pymongo.errors import DuplicateKeyError

from kernel.clock import now
from kernel.errors import Conflict, Invalid
from kernel.models import IdempotencyKey
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.scoping import Reason, unscoped

KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=60)
FORGET_S = 1.0


class KeyReused(Invalid):
    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used for another request"


class StillRunning(Conflict):
    code = "request_in_progress"
    title = "The first request with this Idempotency-Key is still running"


class OutcomeLost(Conflict):
    code = "idempotency_outcome_lost"
    title = "The first request took effect, but its answer was not kept"


@dataclass(frozen=True)
class Stored:
    """The first answer."""

    status: int
    body: Any


_bound: ContextVar[str | None] = ContextVar("idempotency_row", default=None)


def fingerprint(method: str, path: str, body: Any) -> str:
    """What must be equal for a repetition: method, path and canonical body."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(f"{method} {path} {text}".encode()).hexdigest()


def begin(key: str, principal: str, print_: str) -> Stored | str:
    """Claim a key for ``principal``; returns the stored answer, or the id of the row that was claimed.

    Raises ``KeyReused``, ``StillRunning`` or ``OutcomeLost``.
    """
    name = hashlib.sha256(f"{principal}|{key}".encode()).hexdigest()
    row = IdempotencyKey(
        key=name, fingerprint=print_, lease_until=now() + LEASE, expires_at=now() + KEPT
    )
    try:
        row.save(force_insert=True)
        return str(row.pk)
    except (IntegrityError, DuplicateKeyError):
        return _repeat(name, print_)


def _repeat(name: str, print_: str) -> Stored | str:
    row = IdempotencyKey.objects.get(key=name)
    if row.expires_at <= now():
        return _take_over(row, print_)
    if row.fingerprint != print_:
        raise KeyReused
    if row.state == IdempotencyKey.ANSWERED:
        return Stored(row.status, row.body)
    if row.state == IdempotencyKey.COMMITTED and row.lease_until <= now():
        raise OutcomeLost(result_id=row.body)
    if row.lease_until > now():
        raise StillRunning
    return _take_over(row, print_)


def _take_over(row: IdempotencyKey, print_: str) -> str:
    """An expired key, or one whose request died before any effect: one of those who try gets it."""
    taken = collection(IdempotencyKey).update_one(
        {**owner(), "_id": ObjectId(row.pk), "lease_until": row.lease_until,
         "state": {"$ne": "committed"} if row.expires_at > now() else {"$exists": True}},
        {"$set": {"fingerprint": print_, "state": IdempotencyKey.RUNNING, "body": None, "status": 0,
                  "lease_until": now() + LEASE, "expires_at": now() + KEPT}},
    ).matched_count  # fmt: skip
    if not taken:
        raise StillRunning
    return str(row.pk)


@contextmanager
def bound(row_id: str | None) -> Iterator[None]:
    """Bind the claimed row while the request runs."""
    token = _bound.set(row_id)
    try:
        yield
    finally:
        _bound.reset(token)


def committed(result_id: str) -> None:
    """Inside the transaction of an effect: with it, the effect is certain. Nothing without a key.

    ``result_id`` is what a repetition is told when the answer is lost; of several the last one stays.
    """
    if row_id := _bound.get():
        collection(IdempotencyKey).update_one(
            {**owner(), "_id": ObjectId(row_id)},
            {"$set": {"state": IdempotencyKey.COMMITTED, "body": result_id}},
        )


def answer(row_id: str, status: int, body: Any) -> None:
    """Keep the answer for repetitions."""
    fields = {"state": IdempotencyKey.ANSWERED, "status": status, "body": body}
    collection(IdempotencyKey).update_one({**owner(), "_id": ObjectId(row_id)}, {"$set": fields})


def forget(row_id: str, *, is_refused: bool = False) -> None:
    """The request ended without an answer to keep: the key is free again, unless there was an effect.

    With ``is_refused`` it is free in any case: what was done before a refusal of ours is no
    answer, and to try again is what the refusal asks for. It has time of its own, because what
    was refused may have used up the request's.
    """
    states = [IdempotencyKey.RUNNING, *([IdempotencyKey.COMMITTED] if is_refused else [])]
    mine = {**owner(), "_id": ObjectId(row_id), "state": {"$in": states}}
    with pymongo.timeout(FORGET_S):
        collection(IdempotencyKey).delete_one(mine)


def purge_expired() -> int:
    """Delete keys of all tenants that are older than a day; returns how many."""
    with unscoped(Reason.PURGE_EXPIRED):
        expired = {"expires_at": {"$lt": now()}}
        return int(collection(IdempotencyKey).delete_many(expired).deleted_count)
