"""The doorbell: a Celery message that carries no more than the name of a queue.

A bell that already rings is not rung again, so a flood of work makes one
message; a lost bell costs the sweeper's period, never work.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import redis
import structlog
from celery import Celery
from django.conf import settings

from kernel.publisher import publisher, ring_bell, rung
from kernel.ratelimit import connect
from kernel.scoping.context import outside_scope
from kernel.work.registry import kind_named

log = structlog.get_logger(agentName="kernel")
BREAK_S = 2.0
_away_until = 0.0
_here = threading.local()
_client: "redis.Redis | None" = None
_client_pid = 0


def bell_client() -> redis.Redis:
    """Redis with short timeouts and no retries: a frozen Redis may cost 0.25 s, not 45 s."""
    global _client, _client_pid
    if _client is None or _client_pid != os.getpid():
        _client = connect(settings.REDIS_URL)
        _client_pid = os.getpid()
    return _client


@cache
def own_publisher() -> Celery:
    """The process's way to send messages."""
    return publisher(settings.REDIS_URL)


os.register_at_fork(after_in_child=own_publisher.cache_clear)


def ring(kind: str) -> None:
    """Ask a worker to drain the queue of ``kind``, unless the one who asks is draining it: it looks again."""
    queue = kind_named(kind).queue
    if getattr(_here, "draining", "") != queue:
        ring_on(queue)


@contextmanager
def draining(queue: str) -> Iterator[None]:
    """This thread serves ``queue`` until it finds nothing more."""
    _here.draining = queue
    try:
        yield
    finally:
        _here.draining = ""


def ring_on(queue: str) -> None:
    """Ask a worker to drain ``queue``. Never raises: the sweeper finds what no bell announced."""
    global _away_until
    if time.monotonic() < _away_until:
        return
    try:
        # It rings for all tenants: it must not carry the scope of the one who rang.
        with outside_scope():
            ring_bell(bell_client(), own_publisher(), queue)
    except Exception as error:  # noqa: BLE001  (a bell is best effort by design)
        _away_until = time.monotonic() + BREAK_S
        log.warning("bell.lost", queue=queue, error=type(error).__name__)


def is_last(queue: str, number: int) -> bool:
    """Whether no newer message asks for the same; without Redis, or after it forgot, it may be."""
    try:
        newest = bell_client().get(rung(queue))
    except redis.RedisError:
        return True
    return newest is None or number >= int(newest)


def answered(queue: str) -> None:
    """A worker heard the bell: what arrives from now on rings again."""
    try:
        bell_client().delete(f"bell:{queue}")
    except redis.RedisError:
        log.warning("bell.unanswered", queue=queue)
