"""Token buckets that hold between processes: atomic in Redis, bounded without it.

One Lua script reads the server's clock, refills, and takes from all the buckets of a request
or from none. When Redis is away, a bucket of the same size in this process takes over
(`Decision.degraded`), or, for a limiter that fails closed, every request is denied.

A bucket lets at most `capacity + per_second` through in any second, so a pacer that must stay
within five per cent of a rate has a capacity of a twentieth of it.
"""

import os
import time
from collections.abc import Iterable, Sequence
from typing import Any, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from kernel.buckets import (
    ASK_AGAIN_S,
    FIRST_REST_S,
    LONGEST_REST_S,
    PROBE_S,
    Bucket,
    Decision,
    LocalBuckets,
    State,
    decide,
)
from kernel.logging import get_logger
from kernel.ratelimit_scripts import PENALISE, REST, TAKE

__all__ = ["Bucket", "Decision", "Limiter", "LocalBuckets", "connect", "shared"]
_log = get_logger(__name__)

TIMEOUT_S = 0.25
BREAKER_S = 2.0
_PENALTY_MEMORY_S = 86_400
_REST_MEMORY_S = 3_600


def connect(url: str) -> Redis:
    """A client that gives up after 0.25 s and never retries, as a limiter needs."""
    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        retry_on_timeout=False,
        health_check_interval=0,
    )


class Limiter:
    """Takes from buckets in Redis. Keys must carry the tenant where there is one.

    `redis_client` should come from `connect`, for its timeouts. With `fail_closed` requests are
    denied while Redis is away (log-in, password reset). `processes` is how many processes share
    the limits; without Redis each of them gives out its part of the rate.
    """

    def __init__(
        self, redis_client: Redis, *, fail_closed: bool = False, processes: int = 1
    ) -> None:
        self._redis = redis_client
        self._take_script = redis_client.register_script(TAKE)
        self._penalise_script = redis_client.register_script(PENALISE)
        self._rest_script = redis_client.register_script(REST)
        self._fail_closed = fail_closed
        self._processes = processes
        self._local = LocalBuckets()
        self._away_until = 0.0

    def take(
        self,
        key: str,
        *,
        capacity: float,
        per_second: float,
        cost: float = 1,
        cold_start: bool = False,
    ) -> Decision:
        """Take `cost` tokens from one bucket, or none."""
        return self.take_all([(key, Bucket(capacity, per_second, cost, cold_start))])[0]

    def take_all(self, buckets: Sequence[tuple[str, Bucket]]) -> list[Decision]:
        """Take from every bucket, or from none when one has too little; one round trip.

        The request may go on when every decision is `allowed`; those that are not say why.
        """
        if len({key for key, _ in buckets}) < len(buckets):
            raise ValueError("a request takes from each bucket once")
        if not buckets:
            return []
        states = self._ask(buckets)
        if states is not None:
            return [
                decide(bucket, *state) for (_, bucket), state in zip(buckets, states, strict=True)
            ]
        if self._fail_closed:
            return [_denied(bucket) for _, bucket in buckets]
        return self._local.take_all([(key, self._share(bucket)) for key, bucket in buckets])

    def penalise(self, key: str, seconds: float) -> None:
        """Empty the bucket and let nothing flow in for `seconds`; a longer penalty stays."""
        self._local.penalise(key, seconds)
        self._call(self._penalise_script, [key], [seconds, _PENALTY_MEMORY_S])

    def rest(self, key: str) -> None:
        """Let nothing through for 30 s, then one request of cost 1 at a time: a probe.

        After a probe the next rest is twice as long, 120 s at most. While a rest lasts this
        changes nothing. Only `resume` ends it.
        """
        self._local.rest(key)
        self._call(self._rest_script, [key], [FIRST_REST_S, LONGEST_REST_S, _REST_MEMORY_S])

    def resume(self, key: str) -> None:
        """End a rest: a full bucket again."""
        self._local.resume(key)
        self._call(self._delete, [key], [])

    def _delete(self, keys: list[str], args: list[float]) -> object:
        return self._redis.delete(*keys)

    def _ask(self, buckets: Sequence[tuple[str, Bucket]]) -> list[State] | None:
        arguments: list[float] = []
        for _, bucket in buckets:
            arguments += [bucket.capacity, bucket.per_second, bucket.cost, int(bucket.cold_start)]
        arguments += [PROBE_S * 1000, ASK_AGAIN_S * 1000]
        answer = self._call(self._take_script, [key for key, _ in buckets], arguments)
        if answer is None:
            return None
        rows = cast(Iterable[tuple[int, bytes, bytes, int]], answer)
        return [
            (enough == 1, float(tokens), float(wait) / 1000, probe == 1)
            for enough, tokens, wait, probe in rows
        ]

    def _call(self, script: Any, keys: list[str], arguments: list[float]) -> object | None:
        now = time.monotonic()
        if now < self._away_until:
            return None
        if self._away_until:
            # This call finds out whether Redis is back; the others do not wait for it.
            self._away_until = now + BREAKER_S
        try:
            answer = cast(object, script(keys=keys, args=arguments))
        except (RedisError, OSError) as error:
            if not self._away_until:
                _log.warning("ratelimit.degraded", error=type(error).__name__)
            self._away_until = time.monotonic() + BREAKER_S
            return None
        self._away_until = 0.0
        return answer

    def _share(self, bucket: Bucket) -> Bucket:
        parts = self._processes
        capacity = max(bucket.capacity / parts, bucket.cost, 1)
        return Bucket(capacity, bucket.per_second / parts, bucket.cost, bucket.cold_start)


def _denied(bucket: Bucket) -> Decision:
    return Decision(
        allowed=False,
        remaining=0,
        retry_after_s=BREAKER_S,
        reset_after_s=BREAKER_S,
        limit=int(bucket.capacity),
        degraded=True,
    )


_shared: dict[tuple[int, str, int], Limiter] = {}


def shared(url: str, *, processes: int) -> Limiter:
    """The one limiter of all threads of this process; ``processes`` as for ``Limiter``.

    Two threads that come first at once get the same: of two, each would give out its own tokens
    while Redis is away.
    """
    key = (os.getpid(), url, processes)
    return _shared.get(key) or _shared.setdefault(key, Limiter(connect(url), processes=processes))
