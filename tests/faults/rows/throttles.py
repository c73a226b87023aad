"""Rows 30 and 38: the provider's limits: what it asks for is waited for, and what is allowed is not exceeded."""

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

from kernel.dev import processes
from tests.faults.rows import Figure, row
from tests.faults.sending import (
    Json,
    Number,
    calls_of,
    came_to,
    conversations,
    deliveries,
    fail_next,
    no_more_faults,
    own_number,
    send,
)
from tests.faults.trial import Trial

ASKED: dict[str, tuple[Any, float]] = {
    "none": (None, 1.0), "0": (0, 1.0), "5": (5, 5.0), "99999": (99_999, 3600.0),
    "a date": ("Fri, 31 Dec 2100 23:59:59 GMT", 1.0), "garbage": ("soon", 1.0),
    "negative": ("-5", 1.0), "not a number": ("nan", 1.0), "infinite": ("inf", 1.0),
}  # fmt: skip
"""`Retry-After` → (as the simulator is told, the seconds that must pass before the next call)."""
BUSY = {"http_status": 429, "code": 130429}
"""The number's own limit; the app's (code 4) is waited for minutes whatever is asked."""
IN_FLIGHT_S = 1.0
"""Calls that were under way when the refusal came are not calls during its penalty."""


@row(30, "429s")
def throttled(trial: Trial) -> Figure:
    """Each kind of `Retry-After` on a number of its own; then a storm on one number beside a healthy one."""
    early = _asked(trial)
    storm, healthy = own_number(trial), own_number(trial)
    threads = conversations(trial, storm.phone, trial.pick(4, 12), first=100)
    beside = conversations(trial, healthy.phone, 4, first=120)
    fail_next(trial, storm, count=100_000, retry_after=2, **BUSY)
    sent = [send(trial, thread, f"storm {n}") for thread in threads for n in range(2)]
    waits, until = [], time.monotonic() + trial.pick(8.0, 60.0)
    while time.monotonic() < until:
        began, message = time.monotonic(), send(trial, beside[len(waits) % 4], "beside")
        trial.require(not came_to(trial, [message], "accepted", 10), "the healthy number waits")
        waits.append(time.monotonic() - began)
        trial.product.sleep(1.0)
    during = _during_penalty(calls_of(trial, storm.phone), 2.0)
    no_more_faults(trial)
    late = came_to(trial, sent, "accepted", 150)
    trial.require(not late, f"{len(late)} sends of the storm were not delivered")
    most = max(len(row_["tries"]) for row_ in deliveries(trial, sent).values())
    trial.require(during == 0, f"{during} calls during the number's penalty")
    return {"kinds": len(ASKED), "too_early": early, "during_penalty": during, "most_tries": most,
            "beside_max_s": round(max(waits), 2)}  # fmt: skip


def _asked(trial: Trial) -> int:
    """How many next calls came before they were allowed to."""
    kinds = trial.pick({k: ASKED[k] for k in ("none", "5", "garbage", "99999")}, ASKED)
    early, sends = 0, {}
    for n, (name, (value, _)) in enumerate(kinds.items()):
        number = own_number(trial)
        (thread,) = conversations(trial, number.phone, 1, first=140 + n)
        told = {} if value is None else {"retry_after": value}
        fail_next(trial, number, **BUSY, **told)
        sends[name] = (number, send(trial, thread, name))
    quick = [message for name, (_, message) in sends.items() if name != "99999"]
    late = came_to(trial, quick, "accepted", 60)
    trial.require(not late, f"{len(late)} sends were not delivered after their 429")
    for name, (number, message) in sends.items():
        calls = calls_of(trial, number.phone)
        least = kinds[name][1]
        delivery = deliveries(trial, [message])[message]
        burnt = sum(1 for t in delivery["tries"] if t.get("outcome") != "throttled")
        trial.require(burnt == (name != "99999"), f"{name}: {burnt} attempts count as more")
        gaps = [b["at"] - a["at"] for a, b in pairwise(calls)]
        early += any(gap < least - 0.05 for gap in gaps)
        trial.require(not any(gap < least - 0.05 for gap in gaps), f"{name}: called after {gaps}")
        if name == "99999":
            _held_for_an_hour(trial, delivery)
    return early


def _held_for_an_hour(trial: Trial, delivery: Json) -> None:
    """A day is cut to an hour. The number stays the trial's own, so nothing else waits for it."""
    from datetime import UTC

    seconds = delivery["due_at"].replace(tzinfo=UTC).timestamp() - time.time()
    trial.require(3400 < seconds <= 3600, f"99999: the next call is due in {seconds:.0f} s")


def _during_penalty(calls: Sequence[Json], seconds: float) -> int:
    """Calls that were made while an earlier call's `Retry-After` ran."""
    refused = [call["at"] for call in calls if call["status"] == 429]
    return sum(
        1 for call in calls if any(at + IN_FLIGHT_S < call["at"] < at + seconds for at in refused)
    )


@row(38, "throughput limits")
def throughput(trial: Trial) -> Figure:
    """Three workers, a number of 80/s and one of 20/s with full queues, a hot pair; Redis emptied meanwhile."""
    fast, slow = own_number(trial), own_number(trial)
    _limit(trial, slow, 20)
    lines = {fast.phone: trial.pick(80, 300), slow.phone: trial.pick(30, 100)}
    threads = {phone: conversations(trial, phone, count, first=1000 + n * 400)
               for n, (phone, count) in enumerate(lines.items())}  # fmt: skip
    workers = [processes.worker(processes.WorkerClass(f"outbound-{n}", ("outbound",), "threads", 8))
               for n in (2, 3)]  # fmt: skip
    workers = [replace(worker, canaries=()) for worker in workers]
    keeper = trial.product.keeper
    keeper.start(*workers)
    names = ["worker-outbound", *(worker.name for worker in workers)]
    try:
        keeper_ready(trial, workers)
        with _unwatched(keeper.child(names[0])):
            sent = _queued(trial, names, threads)
            flushed = _watch(trial, sent)
    finally:
        for worker in workers:
            keeper.take_out(worker.name)
    return _rates(trial, fast, slow, flushed)


@contextmanager
def _unwatched(child: Any) -> Iterator[None]:
    """A worker that stands still because the row stopped it is not started anew for its late canaries."""
    known = child.process
    child.process = replace(known, canaries=())
    try:
        yield
    finally:
        child.process = known


def keeper_ready(trial: Trial, workers: Sequence[Any]) -> None:
    for worker in workers:
        trial.product.keeper.wait_ready(worker, timeout=120)


def _limit(trial: Trial, number: Number, per_second: int) -> None:
    from bson import ObjectId

    where = {"_id": ObjectId(number.channel)}
    change = {"$set": {"sends_per_second": per_second}}
    trial.product.database["channels"].update_one(where, change)


def _queued(trial: Trial, names: Sequence[str], threads: dict[str, list[str]]) -> list[str]:
    """All the sends, while the workers stand still, so that they find full queues."""
    for name in names:
        trial.product.kill(name, signal.SIGSTOP)
    try:
        sent = [
            send(trial, thread, f"{n}")
            for own in threads.values()
            for thread in own
            for n in (1, 2)
        ]
        hot = next(iter(threads.values()))[0]
        sent += [send(trial, hot, f"hot {n}") for n in range(trial.pick(10, 50))]
    finally:
        for name in names:
            trial.product.kill(name, signal.SIGCONT)
    return sent


def _watch(trial: Trial, sent: list[str]) -> float:
    """Redis is emptied in the middle; when."""
    half = len(sent) // 2

    def done() -> int:
        time.sleep(0.1)
        return sum(row_["outcome"] == "accepted" for row_ in deliveries(trial, sent).values())

    trial.product.wait_until(lambda: done() >= half, 60)
    flushed = time.time()
    trial.fault()
    trial.product.redis.flushall()
    late = came_to(trial, sent, "accepted", 120)
    trial.require(not late, f"{len(late)} of {len(sent)} sends were not delivered")
    return flushed


def _rates(trial: Trial, fast: Number, slow: Number, flushed: float) -> Figure:
    found: Figure = {}
    for name, number, limit in (("80", fast, 80), ("20", slow, 20)):
        times = sorted(call["at"] for call in calls_of(trial, number.phone))
        calm = [at for at in times if not flushed - 0.05 <= at <= flushed + 1.05]
        most, burst = _most_in_a_second(calm), _most_in_a_second(times)
        took = times[-1] - times[0] if len(times) > 1 else 1.0
        found |= {f"max_1s_of_{name}": most, f"after_flush_of_{name}": burst,
                  f"utilised_of_{name}": round(len(times) / took / limit, 2)}  # fmt: skip
        trial.require(most <= limit * 1.05, f"{most} calls within 1 s, where {limit} are allowed")
        trial.require(burst <= limit * 1.25, f"{burst} calls within 1 s after the flush")
    return found


def _most_in_a_second(times: Sequence[float]) -> int:
    most, first = 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most
