"""Counts, used codes and turns of signing in, kept in MongoDB.

allauth counts tries in Django's cache. Redis may be gone, frozen or emptied at any moment, and a
count that is lost is a new set of guesses; the database is needed for signing in anyway. So the
cache that allauth is given is this one, and it holds over processes and over restarts.
"""

import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

from accounts.errors import TurnTaken
from accounts.models import SignInMark
from kernel.clock import NEVER, now
from kernel.mongo.doors import UniqueViolation, collection, new_object_id

TURN_S, WAIT_S, ASK_S = 15.0, 2.5, 0.02
# Half of a web process' threads.
MOST_WAITING = 2
_waiting = threading.BoundedSemaphore(MOST_WAITING)


class MarkCache(BaseCache):
    """Django's cache over ``sign_in_marks``. Values must be what BSON holds."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        return _add(self._named(key, version), value, self._until(timeout))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        where = {"key": self._named(key, version), "expires_at": {"$gt": now()}}
        found = collection(SignInMark).find_one(where)
        return default if found is None else found["value"]

    def set(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        change = {"$set": {"value": value, "expires_at": self._until(timeout)},
                  "$setOnInsert": {"_id": new_object_id()}}  # fmt: skip
        collection(SignInMark).update_one({"key": self._named(key, version)}, change, upsert=True)

    def delete(self, key: str, version: int | None = None) -> bool:
        gone = collection(SignInMark).delete_one({"key": self._named(key, version)})
        return bool(gone.deleted_count)

    def clear(self) -> None:
        collection(SignInMark).delete_many({})

    def _named(self, key: str, version: int | None) -> str:
        """Hashed: keys hold addresses of people, and may be longer than an index likes."""
        return hashlib.sha256(self.make_key(key, version).encode()).hexdigest()

    def _until(self, timeout: Any) -> datetime:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return NEVER if seconds is None else now() + timedelta(seconds=seconds)


def _add(key: str, value: Any, until: datetime) -> bool:
    """Set what is not there, or is over; the unique key lets one of many through."""
    where = {"key": key, "expires_at": {"$lte": now()}}
    change = {"$set": {"value": value, "expires_at": until},
              "$setOnInsert": {"_id": new_object_id()}}  # fmt: skip
    try:
        collection(SignInMark).update_one(where, change, upsert=True)
    except UniqueViolation:
        return False
    return True


@contextmanager
def in_turn(*about: str) -> Iterator[None]:
    """One at a time over all processes, for as long as a request takes.

    allauth reads a session or a row, compares a code and writes back; where it locks, this
    database does not. Raises ``TurnTaken`` for who has waited 2.5 s, and at once where so many
    wait already that no thread would be left for others. A turn whose process was killed ends
    after 15 s.
    """
    key = hashlib.sha256("\x00".join(("turn", *about)).encode()).hexdigest()
    mine = secrets.token_hex(8)
    if not _begin(key, mine):
        _wait(key, mine)
    try:
        yield
    finally:
        collection(SignInMark).delete_one({"key": key, "value": mine})


def _begin(key: str, mine: str) -> bool:
    return _add(key, mine, now() + timedelta(seconds=TURN_S))


def _wait(key: str, mine: str) -> None:
    if not _waiting.acquire(blocking=False):
        raise TurnTaken(retry_after_s=1)
    until = time.monotonic() + WAIT_S
    try:
        while not _begin(key, mine):
            if time.monotonic() > until:
                raise TurnTaken(retry_after_s=1)
            time.sleep(ASK_S)
    finally:
        _waiting.release()


def once(*about: str, seconds: float) -> bool:
    """True for the first of all who say the same within ``seconds``."""
    key = hashlib.sha256("\x00".join(("once", *about)).encode()).hexdigest()
    return _add(key, True, now() + timedelta(seconds=seconds))


def purge_marks() -> int:
    """Delete what is over; returns how many."""
    gone = collection(SignInMark).delete_many({"expires_at": {"$lte": now()}})
    return int(gone.deleted_count)
