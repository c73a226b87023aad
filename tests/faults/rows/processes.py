"""Rows 1, 2 and 96: processes of the product die at random instants."""

import itertools
import os
import signal
from contextlib import suppress

from tests.faults.rows import Figure, row
from tests.faults.trial import Trial


def kill_one(trial: Trial, name: str, signum: int = signal.SIGKILL, *, parent: bool = False) -> str:
    """Kill one process of a pool, or its leader; says what was done."""
    pool, leader = trial.product.pool(name), trial.product.pid(name)
    victim = leader if parent or not pool else trial.rng.choice(pool)
    if victim is None:
        return ""
    trial.fault()
    with suppress(ProcessLookupError):
        os.kill(victim, signum)
    return f"{name} {'leader' if victim == leader else 'child'}"


@row(1, "web killed mid-request", short=True)
def web_killed(trial: Trial) -> Figure:
    """A process of the edge or of the web dies every 5 s while the standard load runs."""
    load = trial.load(seconds=trial.pick(10, 60))
    kills, every = 0, trial.pick(3.0, 5.0)
    while not load.is_over:
        trial.pause(0.2, every)
        if load.is_over:
            break
        name = trial.rng.choice(("edge", "edge", "web"))
        kills += bool(kill_one(trial, name, parent=trial.rng.random() < 0.3))
        trial.product.sleep(every - 1.0)
    load.join()
    none = sum(1 for w in trial.ledger.webhooks if not w.status)
    return {"kills": kills, "unanswered": none, "edge_away_s": _longest_gap(trial)}


def _longest_gap(trial: Trial) -> float:
    """The longest time without an acknowledgement after a fault: how long the restart took."""
    acks = sorted(w.answered for w in trial.ledger.webhooks if w.is_acknowledged)
    gaps = [b - a for a, b in itertools.pairwise(acks)]
    return round(max(gaps, default=0.0), 2)


@row(2, "ingest worker killed mid-explode", short=True)
def worker_killed(trial: Trial) -> Figure:
    """Bodies of 50 items; the inbound worker's child, then its parent, dies at random instants."""
    load = trial.load(
        seconds=trial.pick(6, 60), rate=trial.pick(5, 6), batch=50, senders=300, api_rate=5
    )
    kills, parent = 0, False
    while not load.is_over:
        trial.pause(0.5, trial.pick(2.5, 5.0))
        kills += bool(kill_one(trial, "worker-inbound", parent=parent))
        parent = not parent
    load.join()
    settled = trial.settle()
    trial.require(settled <= 30, f"{settled:.1f} s until all was applied")
    return {"kills": kills}


@row(96, "any worker killed")
def any_worker(trial: Trial) -> Figure:
    """A child or parent of each queue's worker gets KILL, TERM or QUIT every 5 s for 60 s."""
    load = trial.load(seconds=trial.pick(20, 60))
    signals = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGQUIT)
    done: dict[str, int] = {}
    while not load.is_over:
        trial.product.sleep(5.0)
        name = trial.rng.choice(("worker-inbound", "worker-outbound"))
        signum = trial.rng.choice(signals)
        parent = trial.rng.random() < 0.5
        if kill_one(trial, name, signum, parent=parent):
            key = f"{name.removeprefix('worker-')} {signal.Signals(signum).name}"
            done[key] = done.get(key, 0) + 1
    load.join()
    settled = trial.settle()
    trial.require(settled <= 30, f"{settled:.1f} s until work was done")
    return {"signals": done}
