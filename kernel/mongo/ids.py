"""Ids: 24 hex digits in Python, an ``ObjectId`` in MongoDB, ordered by the millisecond they were made."""

import os
import secrets
import threading
import time
from datetime import datetime

from bson import ObjectId

_lock = threading.Lock()
_process = secrets.token_bytes(3)
_last_ms = 0
_counter = 0


def _reseed() -> None:
    global _process
    _process = secrets.token_bytes(3)


os.register_at_fork(after_in_child=_reseed)


def new_id() -> str:
    """48 bits of milliseconds, 24 of a counter, 24 of the process.

    MongoDB's own ids are ordered by the second across processes, which is too
    coarse to tell which of two webhooks came first; these are ordered by the
    millisecond, and strictly within a process. The first four bytes are
    therefore not MongoDB's timestamp.
    """
    global _last_ms, _counter
    with _lock:
        now = time.time_ns() // 1_000_000
        if now > _last_ms:
            _last_ms, _counter = now, 0
        else:
            _counter += 1
        value = _last_ms.to_bytes(6, "big") + _counter.to_bytes(3, "big") + _process
    return value.hex()


def first_id_at(moment: datetime) -> ObjectId:
    """The least id that can have been made at ``moment``."""
    milliseconds = int(moment.timestamp() * 1000)
    return ObjectId(milliseconds.to_bytes(6, "big") + bytes(6))


def new_object_id() -> ObjectId:
    """The same as an ``ObjectId``, for code that writes documents itself."""
    return ObjectId(new_id())
