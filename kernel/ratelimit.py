"""Token buckets that hold between processes: atomic in Redis, bounded without it.

One Lua script reads the server's clock, refills, and takes from all the buckets of a request
or from none. When Redis is away, a bucket of the same size in this process takes over
(`Decision.degraded`), or, for a limiter that fails closed, every request is denied.

A bucket lets at most `capacity + per_second` through in any second, so a pacer that must stay
within five per cent of a rate has a capacity of a twentieth of it.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from kernel.logging import get_logger

_log = get_logger(__name__)

TIMEOUT_S = 0.25
BREAKER_S = 2.0
_LOCAL_BUCKETS = 10_000
_PENALTY_MEMORY_S = 86_400

# A bucket is a hash of its tokens `t` and the time `at` of that count, in milliseconds. A time
# that lies ahead is a penalty: nothing flows in before it.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local states, answer, all = {}, {}, true
for i, key in ipairs(KEYS) do
  local j = (i - 1) * 4
  local capacity, rate = tonumber(ARGV[j + 1]), tonumber(ARGV[j + 2])
  local cost, cold = tonumber(ARGV[j + 3]), ARGV[j + 4] == '1'
  local held = redis.call('HMGET', key, 't', 'at')
  local tokens, at = tonumber(held[1]), tonumber(held[2])
  local fresh = not tokens or not at
  if fresh then
    tokens, at = cold and math.min(capacity, rate) or capacity, now
  end
  if now > at then
    tokens, at = tokens + (now - at) / 1000 * rate, now
  end
  tokens = math.min(capacity, tokens)
  local enough = cost == 0 or (tokens >= cost and at <= now)
  all = all and enough
  states[i] = {key, tokens, at, cost, capacity, rate, fresh}
  answer[i] = {enough and 1 or 0, tostring(tokens), tostring(math.max(0, at - now))}
end
for i, s in ipairs(states) do
  if all or s[7] then
    local left = all and s[2] - s[4] or s[2]
    redis.call('HSET', s[1], 't', string.format('%.6f', left), 'at', string.format('%.3f', s[3]))
    redis.call('PEXPIRE', s[1], math.ceil(s[5] / s[6] * 1000 + math.max(0, s[3] - now)) + 1000)
    answer[i][2] = tostring(left)
  end
end
return answer
"""

_PENALISE = """
local clock = redis.call('TIME')
local ends = clock[1] * 1000 + clock[2] / 1000 + tonumber(ARGV[1]) * 1000
local at = tonumber(redis.call('HGET', KEYS[1], 'at'))
if at and at > ends then return 0 end
redis.call('HSET', KEYS[1], 't', '0', 'at', string.format('%.3f', ends))
redis.call('PEXPIRE', KEYS[1], math.ceil((tonumber(ARGV[1]) + tonumber(ARGV[2])) * 1000))
return 1
"""


@dataclass(frozen=True, slots=True)
class Bucket:
    """`capacity` tokens at most, `per_second` flowing in, `cost` taken by this request.

    A bucket not seen before is full; with `cold_start` it holds `min(capacity, per_second)`,
    so that flushing Redis sets no burst free.
    """

    capacity: float
    per_second: float
    cost: float = 1
    cold_start: bool = False

    def __post_init__(self) -> None:
        if self.capacity <= 0 or self.per_second <= 0 or not 0 <= self.cost <= self.capacity:
            raise ValueError("a bucket needs a positive size and rate, and a cost within its size")

    @property
    def initial(self) -> float:
        """The tokens of a bucket not seen before."""
        return min(self.capacity, self.per_second) if self.cold_start else self.capacity


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the request may go on, and the figures for `RateLimit-*` and `Retry-After`.

    `retry_after_s` is 0 when allowed; `reset_after_s` is the time until the bucket is full.
    `degraded` tells that Redis was away and this process decided alone.
    """

    allowed: bool
    remaining: int
    retry_after_s: float
    reset_after_s: float
    limit: int
    degraded: bool = False


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
        self._take_script = redis_client.register_script(_TAKE)
        self._penalise_script = redis_client.register_script(_PENALISE)
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
                _decide(bucket, *state) for (_, bucket), state in zip(buckets, states, strict=True)
            ]
        if self._fail_closed:
            return [_denied(bucket) for _, bucket in buckets]
        return self._local.take_all([(key, self._share(bucket)) for key, bucket in buckets])

    def penalise(self, key: str, seconds: float) -> None:
        """Empty the bucket and let nothing flow in for `seconds`; a longer penalty stays."""
        self._local.penalise(key, seconds)
        self._call(self._penalise_script, [key], [seconds, _PENALTY_MEMORY_S])

    def _ask(self, buckets: Sequence[tuple[str, Bucket]]) -> list["_State"] | None:
        arguments: list[float] = []
        for _, bucket in buckets:
            arguments += [bucket.capacity, bucket.per_second, bucket.cost, int(bucket.cold_start)]
        answer = self._call(self._take_script, [key for key, _ in buckets], arguments)
        if answer is None:
            return None
        rows = cast(Iterable[tuple[int, bytes, bytes]], answer)
        return [(enough == 1, float(tokens), float(wait) / 1000) for enough, tokens, wait in rows]

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


# Whether there was enough, the tokens that are left, and the seconds of penalty to come.
_State = tuple[bool, float, float]


def _decide(
    bucket: Bucket, enough: bool, tokens: float, penalty_s: float, *, degraded: bool = False
) -> Decision:
    missing = 0.0 if enough else max(0.0, bucket.cost - tokens)
    return Decision(
        allowed=enough,
        remaining=0 if penalty_s else int(tokens),
        retry_after_s=0.0 if enough else penalty_s + missing / bucket.per_second,
        reset_after_s=penalty_s + (bucket.capacity - tokens) / bucket.per_second,
        limit=int(bucket.capacity),
        degraded=degraded,
    )


def _denied(bucket: Bucket) -> Decision:
    return Decision(
        allowed=False,
        remaining=0,
        retry_after_s=BREAKER_S,
        reset_after_s=BREAKER_S,
        limit=int(bucket.capacity),
        degraded=True,
    )


class LocalBuckets:
    """The same buckets in this process's memory: at most 10,000, the least used forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take_all(self, buckets: Sequence[tuple[str, Bucket]]) -> list[Decision]:
        """As `Limiter.take_all`."""
        with self._lock:
            now = time.monotonic()
            held = [self._refilled(key, bucket, now) for key, bucket in buckets]
            states: list[_State] = [
                (not bucket.cost or (tokens >= bucket.cost and at <= now), tokens, at)
                for (_, bucket), (tokens, at) in zip(buckets, held, strict=True)
            ]
            paid = all(enough for enough, _, _ in states)
            decisions: list[Decision] = []
            for (key, bucket), (enough, tokens, at) in zip(buckets, states, strict=True):
                left = tokens - bucket.cost if paid else tokens
                self._keep(key, left, at)
                wait = max(0.0, at - now)
                decisions.append(_decide(bucket, enough, left, wait, degraded=True))
            return decisions

    def penalise(self, key: str, seconds: float) -> None:
        """As `Limiter.penalise`."""
        with self._lock:
            ends = time.monotonic() + seconds
            if self._buckets.get(key, (0.0, 0.0))[1] < ends:
                self._keep(key, 0.0, ends)

    def _refilled(self, key: str, bucket: Bucket, now: float) -> tuple[float, float]:
        tokens, at = self._buckets.get(key, (bucket.initial, now))
        if now > at:
            tokens, at = tokens + (now - at) * bucket.per_second, now
        return min(bucket.capacity, tokens), at

    def _keep(self, key: str, tokens: float, at: float) -> None:
        self._buckets[key] = (tokens, at)
        self._buckets.move_to_end(key)
        if len(self._buckets) > _LOCAL_BUCKETS:
            self._buckets.popitem(last=False)
