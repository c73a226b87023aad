"""Token buckets, what is decided of them, and those in the memory of one process."""

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

# A probe that says nothing of its end for so long is not waited for; meanwhile others ask again.
PROBE_S, ASK_AGAIN_S = 30.0, 2.0
FIRST_REST_S, LONGEST_REST_S = 30.0, 120.0
_LOCAL_BUCKETS = 10_000


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
    `degraded` tells that Redis was away and this process decided alone, `is_probe` that the
    request is the one that is let through to see whether a rest (`Limiter.rest`) may end.
    """

    allowed: bool
    remaining: int
    retry_after_s: float
    reset_after_s: float
    limit: int
    degraded: bool = False
    is_probe: bool = False


# Whether there was enough, the tokens that are left, the seconds of penalty to come, and whether
# it is a probe.
State = tuple[bool, float, float, bool]


def decide(
    bucket: Bucket,
    enough: bool,
    tokens: float,
    penalty_s: float,
    is_probe: bool,
    *,
    degraded: bool = False,
) -> Decision:
    """What a request is told of one of its buckets."""
    missing = 0.0 if enough else max(0.0, bucket.cost - tokens)
    return Decision(
        allowed=enough,
        remaining=0 if penalty_s else int(tokens),
        retry_after_s=0.0 if enough else penalty_s + missing / bucket.per_second,
        reset_after_s=penalty_s + (bucket.capacity - tokens) / bucket.per_second,
        limit=int(bucket.capacity),
        degraded=degraded,
        is_probe=is_probe,
    )


@dataclass(slots=True)
class _Rest:
    """How long the last rest of a bucket was, and whether its probe is under way."""

    seconds: float
    is_probed: bool = False


class LocalBuckets:
    """The same buckets in this process's memory: at most 10,000, the least used forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._rests: dict[str, _Rest] = {}

    def take_all(self, buckets: Sequence[tuple[str, Bucket]]) -> list[Decision]:
        """As `Limiter.take_all`."""
        with self._lock:
            now = time.monotonic()
            held = [self._refilled(key, bucket, now) for key, bucket in buckets]
            states = [
                self._state(key, bucket, *of, now)
                for (key, bucket), of in zip(buckets, held, strict=True)
            ]
            paid = all(enough for enough, *_ in states)
            decisions: list[Decision] = []
            for (key, bucket), (tokens, at), state in zip(buckets, held, states, strict=True):
                enough, left, wait, _ = state
                is_probe = paid and key in self._rests
                if is_probe:
                    self._rests[key].is_probed, at = True, now + PROBE_S
                self._keep(key, tokens - bucket.cost if paid and not is_probe else tokens, at)
                left -= bucket.cost if paid and not is_probe else 0
                decisions.append(decide(bucket, enough, left, wait, is_probe, degraded=True))
            return decisions

    def _state(self, key: str, bucket: Bucket, tokens: float, at: float, now: float) -> State:
        wait = max(0.0, at - now)
        if rest := self._rests.get(key):
            enough = bucket.cost == 1 and not wait
            return enough, 0.0, min(wait, ASK_AGAIN_S) if rest.is_probed else wait, False
        return not bucket.cost or (tokens >= bucket.cost and not wait), tokens, wait, False

    def penalise(self, key: str, seconds: float) -> None:
        """As `Limiter.penalise`."""
        with self._lock:
            ends = time.monotonic() + seconds
            if self._buckets.get(key, (0.0, 0.0))[1] < ends:
                self._keep(key, 0.0, ends)

    def rest(self, key: str) -> None:
        """As `Limiter.rest`."""
        with self._lock:
            known = self._rests.get(key)
            if known and not known.is_probed:
                return
            seconds = min(known.seconds * 2, LONGEST_REST_S) if known else FIRST_REST_S
            self._rests[key] = _Rest(seconds)
            self._keep(key, 0.0, time.monotonic() + seconds)

    def resume(self, key: str) -> None:
        """As `Limiter.resume`."""
        with self._lock:
            self._rests.pop(key, None)
            self._buckets.pop(key, None)

    def _refilled(self, key: str, bucket: Bucket, now: float) -> tuple[float, float]:
        tokens, at = self._buckets.get(key, (bucket.initial, now))
        if now > at:
            tokens, at = tokens + (now - at) * bucket.per_second, now
        return min(bucket.capacity, tokens), at

    def _keep(self, key: str, tokens: float, at: float) -> None:
        self._buckets[key] = (tokens, at)
        self._buckets.move_to_end(key)
        if len(self._buckets) > _LOCAL_BUCKETS:
            self._rests.pop(self._buckets.popitem(last=False)[0], None)
