"""Row 23: eight workers, fifty senders, kills, and a holder that sleeps past its lease."""

import os
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime

from tests.faults.load import Load
from tests.faults.product import Product
from tests.faults.rows import Figure, row
from tests.faults.rows.processes import kill_one
from tests.faults.trial import Trial

LEASE_S = 20.0


class Sleeper:
    """A worker's process that is stopped while it holds a lane, until long after its lease."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.pid = 0
        self.since = 0.0

    def fall_asleep(self, names: list[str], tries: int = 200) -> bool:
        """Stop a process that holds a lane of ingest now."""
        product = self.trial.product
        for _ in range(tries):
            ours = {pid for name in names for pid in product.pool(name)}
            for pid in _holders(product) & ours:
                os.kill(pid, signal.SIGSTOP)
                time.sleep(0.05)
                if pid in _holders(product):
                    self.pid, self.since = pid, time.monotonic()
                    self.trial.fault()
                    return True
                os.kill(pid, signal.SIGCONT)
            product.sleep(0.02)
        return False

    def wake(self) -> None:
        """Let it go on; it must find that nothing of it is wanted any more."""
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGCONT)
            self.pid = 0

    @property
    def slept_s(self) -> float:
        return time.monotonic() - self.since if self.pid else 0.0


def _holders(product: Product) -> set[int]:
    held = product.database["lanes"].find(
        {"kind": "ingest", "lease_until": {"$gt": datetime.now(UTC)}}, {"holder": 1}
    )
    return {int(row["holder"].rpartition(":")[2]) for row in held}


@row(23, "ordering under concurrency", short=True)
def ordering(trial: Trial) -> Figure:
    """50 senders × 200 messages (short: 50 × 20) while workers die every 3 s and one oversleeps."""
    with trial.product.workers(trial.pick(3, 4), *trial.pick((), (3,))) as extra:
        names = [*extra, "worker-inbound"]
        sleeper = Sleeper(trial)
        before, asleep_s = _fenced(trial), LEASE_S + trial.pick(2, 5)
        load = trial.load(
            senders=50,
            each=trial.pick(20, 200),
            rate=trial.pick(80, 120),
            api_rate=5,
        )
        kills = _torment(trial, load, sleeper, names, asleep_s)
        load.join()
        trial.product.wait_until(lambda: sleeper.slept_s > asleep_s, asleep_s + 5)
        woken = bool(sleeper.pid)
        sleeper.wake()
        trial.settle()
        trial.product.sleep(1.0)
        trial.require(woken, "no holder of a lane could be put to sleep")
        return {"kills": kills, "slept": woken, "fenced_writes": _fenced(trial) - before}


def _torment(trial: Trial, load: Load, sleeper: Sleeper, names: list[str], asleep_s: float) -> int:
    kills, parent = 0, 0
    trial.product.sleep(1.0)
    while not load.is_over:
        if not sleeper.pid:
            sleeper.fall_asleep(names, 50)
        elif sleeper.slept_s > asleep_s:
            sleeper.wake()
        kills += _kill(trial, names, sleeper, parent=parent % 3 == 2)
        parent += 1
        trial.pause(2.5, 3.5)
    return kills


def _kill(trial: Trial, names: list[str], sleeper: Sleeper, *, parent: bool) -> int:
    """Kill a worker, though not the one that sleeps: killed, it could not come back stale."""
    awake = [n for n in names if sleeper.pid not in trial.product.pool(n)] or names
    if parent:
        return bool(kill_one(trial, trial.rng.choice(awake), parent=True))
    pool = [pid for name in names for pid in trial.product.pool(name) if pid != sleeper.pid]
    if not pool:
        return 0
    trial.fault()
    with suppress(ProcessLookupError):
        os.kill(trial.rng.choice(pool), signal.SIGKILL)
    return 1


def _fenced(trial: Trial) -> int:
    """How often the workers' logs tell of a lane that was lost to a newer holder."""
    return sum(
        path.read_text(errors="replace").count("lane.lost")
        for path in trial.product.logs()
        if path.name.startswith("worker-")
    )
