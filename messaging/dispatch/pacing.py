"""Pacing: a token bucket for each number and each pair, shared by all workers."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.conf import settings

from channels.models import Channel
from channels.providers.contract import Throttled
from kernel.ratelimit import Bucket, Decision, Limiter, connect
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
    return _longest(_take(channel, [delivery]))


def wait_for_turns(pairs: Sequence[tuple[Channel, Delivery]]) -> list[float]:
    """``wait_for_turn`` for several sends to different people, with as few questions as possible.

    As many as the number's bucket holds are asked for at once. When the number itself has to wait,
    so do all its sends behind this one, and nobody is asked about them.
    """
    waits: dict[str, float] = {}
    for channel in {channel.pk: channel for channel, _ in pairs}.values():
        own = [delivery for of, delivery in pairs if of.pk == channel.pk]
        size = int(_bucket(channel).capacity)
        for start in range(0, len(own), size):
            _take_part(channel, own[start : start + size], waits)
    return [waits[delivery.pk] for _, delivery in pairs]


def _take_part(channel: Channel, part: list[Delivery], waits: dict[str, float]) -> None:
    if len(part) > 1 and not _longest(_take(channel, part)):
        waits.update((delivery.pk, 0.0) for delivery in part)
        return
    number_waits = 0.0
    for delivery in part:
        if not number_waits:
            number, pair = _take(channel, [delivery])
            number_waits = _longest([number])
            waits[delivery.pk] = _longest([number, pair])
        else:
            waits[delivery.pk] = number_waits


def _take(channel: Channel, deliveries: Sequence[Delivery]) -> list[Decision]:
    """A token of the number and of the pair for each, or none for any; the number's decision is the first."""
    return limiter().take_all([
        (_number(channel), replace(_bucket(channel), cost=len(deliveries))),
        *((_pair(delivery), Bucket(capacity=settings.PAIR_BURST, per_second=1 / 6))
          for delivery in deliveries),
    ])  # fmt: skip


def _bucket(channel: Channel) -> Bucket:
    rate = max(channel.sends_per_second, 1)
    return Bucket(capacity=max(rate / 20, 1), per_second=rate, cold_start=True)


def _longest(decisions: Iterable[Decision]) -> float:
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
