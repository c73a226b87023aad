"""Pacing: token buckets shared by all workers, for each number, pair, account and app.

Replies come first: what is sent to many takes from a bucket of its own as well, which stands still
as long as a reply waits for the number.
"""

import time
from collections.abc import Iterable, Sequence

from django.conf import settings

from channels.models import Channel
from channels.providers.contract import Throttled, Usage
from channels.providers.pace import Rate
from kernel.ratelimit import Decision, Limiter, shared
from messaging.dispatch import buckets
from messaging.models import Delivery

FAILURES_TO_BREAK = 5
# A reply that has to wait asks again within this time; until then nothing in bulk overtakes it.
YIELD_S = 0.4
# The limit is full and the provider does not say for how long: a rolling hour empties slowly.
FULL_S = 60.0
_failures: dict[str, int] = {}
_probed: set[str] = set()
# An account that was refused: no more calls from here, while that is being recorded for all.
REFUSED_S, MOST_REFUSED = 5.0, 1_000
_refused: dict[tuple[str, str], float] = {}
Kinds = dict[str, Rate]


def limiter() -> Limiter:
    """One limiter for each process."""
    return shared(settings.REDIS_URL, processes=2)


def wait_for_turn(channel: Channel, delivery: Delivery) -> float:
    """Seconds until this send may go; 0 when its tokens are taken."""
    return wait_for_turns([(channel, delivery)])[0]


def wait_for_turns(pairs: Sequence[tuple[Channel, Delivery]]) -> list[float]:
    """``wait_for_turn`` for several sends to different people, with as few questions as possible.

    As many as the number's bucket holds are asked for at once, replies before what goes to many.
    When the number itself has to wait, so do all its sends behind this one, and nobody is asked
    about them.
    """
    waits: dict[str, float] = {}
    for channel in {channel.pk: channel for channel, _ in pairs}.values():
        own = [delivery for of, delivery in pairs if of.pk == channel.pk]
        if (wait := _refused_for(channel)) > 0:
            waits.update((delivery.pk, wait) for delivery in own)
            continue
        kinds = buckets.kinds_of(channel, own)
        replies = [delivery for delivery in own if not buckets.is_bulk(delivery)]
        waited = _take_all(channel, replies, kinds, waits, 0.0)
        if waited:
            limiter().penalise(buckets.bulk_key(channel), YIELD_S)
        bulk = [delivery for delivery in own if buckets.is_bulk(delivery)]
        _take_all(channel, bulk, kinds, waits, waited)
    return [waits[delivery.pk] for _, delivery in pairs]


def wait_to_read(channel: Channel, *, of_conversation: bool = True) -> float:
    """Seconds until something may be read at the provider; 0 when it may.

    It waits while the app or the account is at its limit, and what stands in a conversation for a
    rate of its own, where the provider has one.
    """
    asked = [(buckets.app_key(channel), buckets.GATE), (buckets.account_key(channel), buckets.GATE)]
    bucket = buckets.reads_bucket(channel) if of_conversation else None
    if bucket is not None:
        asked.append((buckets.kind_key(channel, "reads"), bucket))
    return _longest(limiter().take_all(asked))


def _take_all(
    channel: Channel, own: list[Delivery], kinds: Kinds, waits: dict[str, float], waited: float
) -> float:
    """Take for each of ``own``; returns how long the number itself has to wait, ``waited`` at least."""
    size = int(buckets.number_bucket(channel).capacity)
    for start in range(0, len(own), size):
        part = own[start : start + size]
        if waited:
            waits.update((delivery.pk, waited) for delivery in part)
        else:
            waited = _take_part(channel, part, kinds, waits)
    return waited


def _take_part(
    channel: Channel, part: list[Delivery], kinds: Kinds, waits: dict[str, float]
) -> float:
    if len(part) > 1 and _take_together(channel, part, kinds):
        waits.update((delivery.pk, 0.0) for delivery in part)
        return 0.0
    number_waits = 0.0
    for delivery in part:
        if not number_waits:
            shared, own = _take(channel, [delivery], kinds)
            number_waits = _longest(shared)
            waits[delivery.pk] = _longest([*shared, *own])
        else:
            waits[delivery.pk] = number_waits
    return number_waits


def _take_together(channel: Channel, part: list[Delivery], kinds: Kinds) -> bool:
    try:
        shared, own = _take(channel, part, kinds)
    except ValueError:  # a bucket that never holds so many: one by one it gives what it has
        return False
    return not _longest([*shared, *own])


def _take(
    channel: Channel, deliveries: Sequence[Delivery], kinds: Kinds
) -> tuple[list[Decision], list[Decision]]:
    """Take for all of them or for none: what was decided of the shared buckets, and of their own."""
    asked = buckets.asked_for(channel, deliveries, kinds)
    decisions = limiter().take_all([*asked.shared, *asked.own])
    if any(decision.is_probe for decision in decisions):
        _probed.add(channel.pk)
    return decisions[: len(asked.shared)], decisions[len(asked.shared) :]


def _longest(decisions: Iterable[Decision]) -> float:
    return max((d.retry_after_s for d in decisions if not d.allowed), default=0.0)


def slow_down(
    channel: Channel, delivery: Delivery | None, throttled: Throttled, seconds: float
) -> None:
    """Only what the provider complained about waits: the pair, the number, its account or its app.

    A complaint about a template is no reason for other messages to wait. Without a ``delivery`` it
    was a call that reads.
    """
    match throttled.scope:
        case "pair":
            if delivery is None:
                return
            key = buckets.pair_key(delivery)
        case "account":
            key = buckets.account_key(channel)
        case "app":
            key = buckets.app_key(channel)
        case "template":
            return
        case _:
            key = buckets.number_key(channel)
    limiter().penalise(key, seconds)


def note_refused(channel: Channel) -> None:
    """The provider refuses the account: until its new state is read, nothing more leaves this process for it."""
    while len(_refused) >= MOST_REFUSED:
        _refused.pop(next(iter(_refused)))
    _refused[_state_of(channel)] = time.monotonic() + REFUSED_S


def _refused_for(channel: Channel) -> float:
    return max(_refused.get(_state_of(channel), 0.0) - time.monotonic(), 0.0)


def _state_of(channel: Channel) -> tuple[str, str]:
    """A channel that was broken, or connected again, is in another state than the one that was refused."""
    return channel.pk, channel.status_at.isoformat()


def note_failure(channel: Channel) -> None:
    """Five troubles in a row let the number rest, for all processes.

    Then one send at a time is let through to see how things are: its failure makes the next rest
    longer, its success ends it. What waits meanwhile was not tried.
    """
    count = _failures[channel.pk] = _failures.get(channel.pk, 0) + 1
    if count >= FAILURES_TO_BREAK or channel.pk in _probed:
        _probed.discard(channel.pk)
        limiter().rest(buckets.breaker_key(channel))


def note_success(channel: Channel) -> None:
    """The provider answered, be it with a refusal of this one message."""
    failed, was_probe = _failures.pop(channel.pk, 0), channel.pk in _probed
    _probed.discard(channel.pk)
    if was_probe or failed >= FAILURES_TO_BREAK:
        limiter().resume(buckets.breaker_key(channel))


def note_usage(channel: Channel, usage: Usage | None) -> None:
    """Slow down as the provider's limits fill up; stop while they are full."""
    if usage is None:
        return
    buckets.learn(channel, usage)
    if usage.app >= 100:
        limiter().penalise(buckets.app_key(channel), FULL_S)
    if usage.regain_s or usage.account >= 100:
        limiter().penalise(buckets.account_key(channel), usage.regain_s or FULL_S)
