"""Pacing: a token bucket for each number and each pair, shared by all workers."""

import os

from django.conf import settings

from channels.models import Channel
from channels.providers.contract import Throttled
from kernel.ratelimit import Bucket, Limiter, connect
from kernel.scoping.keys import tenant_key
from messaging.models import Delivery

FAILURES_TO_BREAK, BREAK_S = 5, 30
_limiters: dict[int, Limiter] = {}
_failures: dict[str, int] = {}


def limiter() -> Limiter:
    """One limiter for each process."""
    pid = os.getpid()
    if pid not in _limiters:
        _limiters[pid] = Limiter(connect(settings.REDIS_URL), processes=2)
    return _limiters[pid]


def wait_for_turn(channel: Channel, delivery: Delivery) -> float:
    """Seconds until this send may go; 0 when its tokens are taken."""
    rate = max(channel.sends_per_second, 1)
    decisions = limiter().take_all([
        (_number(channel), Bucket(capacity=max(rate / 20, 1), per_second=rate, cold_start=True)),
        (_pair(delivery), Bucket(capacity=settings.PAIR_BURST, per_second=1 / 6)),
    ])  # fmt: skip
    return max((d.retry_after_s for d in decisions if not d.allowed), default=0.0)


def slow_down(channel: Channel, delivery: Delivery, throttled: Throttled, seconds: float) -> None:
    """Only what the provider complained about waits: the pair, or the whole number."""
    key = _pair(delivery) if throttled.scope == "pair" else _number(channel)
    limiter().penalise(key, seconds)


def note_failure(channel: Channel) -> None:
    """Five troubles in a row let the number rest; each further one lets it rest again."""
    count = _failures[channel.pk] = _failures.get(channel.pk, 0) + 1
    if count >= FAILURES_TO_BREAK:
        limiter().penalise(_number(channel), BREAK_S)


def note_success(channel: Channel) -> None:
    _failures.pop(channel.pk, None)


def _number(channel: Channel) -> str:
    return tenant_key("rate", "number", channel.pk)


def _pair(delivery: Delivery) -> str:
    return tenant_key("rate", "pair", delivery.conversation_id)
