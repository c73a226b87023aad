"""Rows 13 and 97: Redis dies, hangs, forgets, runs full; it only ever cost time."""

import signal
import time
from contextlib import suppress

import redis

from tests.faults.ledger import quantile
from tests.faults.rows import Figure, row
from tests.faults.trial import Trial, moment_id

EXTRA_S = 10.0
ACK_MS = 1000.0


@row(13, "Redis down, hung, flushed during ingest", short=True)
def redis_away(trial: Trial) -> Figure:
    """Killed and restarted; stopped; flushed again and again; each under load."""
    calm = trial.load(seconds=trial.pick(2, 10))
    calm.join()
    before = trial.ledger.ack_ms()
    seconds = trial.pick(12, 100)
    load = trial.load(seconds=seconds)
    _kill(trial, trial.pick(1.5, 5.0))
    _freeze(trial, trial.pick(4.0, 60.0))
    while not load.is_over:
        trial.pause(0.5, trial.pick(1.0, 5.0))
        trial.fault()
        with suppress(redis.RedisError):
            trial.product.redis.flushall()
    load.join()
    settled = trial.settle()
    after = trial.ledger.ack_ms()
    late = sorted(s for _, s in trial.latencies())
    trial.require(quantile(after, 0.99) <= ACK_MS, "acknowledgements waited for Redis")
    trial.require(
        quantile(late, 0.99) <= EXTRA_S, f"stored {quantile(late, 0.99):.1f} s late at p99"
    )
    unanswered = sum(1 for w in trial.ledger.webhooks if w.status != 200)
    trial.require(not unanswered, f"{unanswered} webhooks were not answered 200")
    return {"ack_p99_calm_ms": round(quantile(before, 0.99), 1), "settled": round(settled, 1),
            "faults": len(trial.faults)}  # fmt: skip


def _kill(trial: Trial, away_s: float) -> None:
    trial.pause(0.5, 1.5)
    trial.fault()
    trial.product.stack.kill("redis")
    trial.product.sleep(away_s)
    trial.product.stack.start("redis")


def _freeze(trial: Trial, seconds: float) -> None:
    trial.pause(0.5, 1.0)
    trial.fault()
    trial.product.stack.kill("redis", signal.SIGSTOP)
    try:
        trial.product.sleep(seconds)
    finally:
        trial.product.stack.kill("redis", signal.SIGCONT)


@row(97, "broker failures", relay=True)
def broker(trial: Trial) -> Figure:
    """24 kills and restarts of Redis in mid-stream; then flushed, stopped, cut, full, truncated."""
    kills = trial.pick(4, 24)
    load = trial.load(seconds=trial.pick(60, 240), rate=50)
    exits, idle, resumed = 0, 0, []
    for _ in range(kills):
        pids = {name: trial.product.pid(name) for name in ("worker-inbound", "worker-outbound")}
        trial.pause(0.5, 2.0)
        trial.fault()
        trial.product.stack.kill("redis")
        trial.product.sleep(1.0)
        trial.product.stack.start("redis")
        took = _until_work_goes_on(trial)
        resumed.append(took)
        idle += took > 25
        exits += sum(trial.product.pid(name) != pid for name, pid in pids.items())
    _others(trial)
    load.stop()
    load.join()
    settled = trial.settle()
    trial.require(settled <= 45, f"{settled:.1f} s until all was done")
    trial.require(max(resumed) <= 45, f"work went on after {max(resumed):.1f} s only")
    return {"exits": f"{exits}/{2 * kills}", "idle": f"{idle}/{kills}",
            "resume_p50_s": round(quantile(sorted(resumed), 0.5), 1),
            "resume_max_s": round(max(resumed), 1)}  # fmt: skip


def _until_work_goes_on(trial: Trial) -> float:
    """Seconds until a message is stored that was not there when Redis came back."""
    began, since = time.monotonic(), moment_id()
    messages = trial.product.database["messages"]
    trial.product.wait_until(
        lambda: messages.find_one({"_id": {"$gt": since}, "direction": "inbound"}) is not None, 60
    )
    return time.monotonic() - began


def _others(trial: Trial) -> None:
    """FLUSHALL each 4 s; stopped for 20 s; every connection cut; a full memory; a torn file."""
    for _ in range(trial.pick(2, 5)):
        trial.product.sleep(trial.pick(1, 4))
        trial.fault()
        trial.product.redis.flushall()
    _freeze(trial, trial.pick(5, 20))
    trial.product.sleep(3)
    trial.fault()
    assert trial.product.relay is not None
    trial.product.relay.cut()
    trial.product.sleep(3)
    _full(trial)
    _torn(trial)


def _full(trial: Trial) -> None:
    """`noeviction` and no memory left: every write is refused."""
    trial.fault()
    trial.product.redis.config_set("maxmemory", "1mb")
    trial.product.sleep(trial.pick(3, 8))
    trial.product.redis.config_set("maxmemory", "256mb")
    trial.product.sleep(2)


def _torn(trial: Trial) -> None:
    """The end of the append-only file is cut off, as a power cut leaves it."""
    trial.fault()
    trial.product.stack.kill("redis")
    for path in trial.product.stack.folder.redis.rglob("*.aof"):
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.truncate(max(0, size - 7))
    trial.product.stack.start("redis")
    trial.product.sleep(3)
