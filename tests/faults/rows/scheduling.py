"""Row 98: no scheduler for ten minutes, then two of them; what falls due is done, once, and soon."""

import itertools
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pymongo.errors import PyMongoError

from tests.faults.product import STARTING_S
from tests.faults.rows import Figure, row
from tests.faults.sending import (
    Number,
    came_to,
    conversations,
    deliveries,
    fail_next,
    own_number,
    send,
)
from tests.faults.trial import Trial

BEAT = "beat"
LATEST_S = 10.0
RETRIES_EVERY_S = 5.0
_numbers = itertools.count()


class Lateness(threading.Thread):
    """How far behind its due time any lane of the product ever was."""

    def __init__(self, trial: Trial) -> None:
        super().__init__(daemon=True)
        self._lanes = trial.product.database["lanes"]
        self._over = threading.Event()
        self.worst = 0.0

    def run(self) -> None:
        while not self._over.wait(0.25):
            with suppress(PyMongoError):
                at = datetime.now(UTC).replace(tzinfo=None)
                due = {"due_at": {"$lt": at}}  # of a leased lane it is the end of the lease
                oldest = self._lanes.find_one(due, {"due_at": 1}, sort=[("due_at", 1)])
                if oldest is not None:
                    self.worst = max(self.worst, (at - oldest["due_at"]).total_seconds())

    def end(self) -> float:
        self._over.set()
        self.join()
        return round(self.worst, 1)


@row(98, "scheduler")
def scheduler(trial: Trial) -> Figure:
    """Load and retries while beat is away and Redis forgets its bells; then two beats at once."""
    number = own_number(trial)
    talks = conversations(trial, number.phone, 10)
    load = trial.load(rate=trial.pick(20.0, 30.0), seconds=1200.0, senders=60)
    watch, dead = Lateness(trial), trial.taken_for_dead()
    watch.start()
    try:
        with _without_beat(trial):
            trial.fault()
            sent = _retries(trial, number, talks, trial.pick(20.0, 600.0))
        with _second_beat(trial):
            trial.fault()
            sent += _retries(trial, number, talks, trial.pick(10.0, 60.0))
    finally:
        load.stop()
        load.join()
    missing = came_to(trial, sent, _has_left, 60)
    trial.require(not missing, f"{len(missing)} sends did not leave")
    refused = sum(map(_was_refused, deliveries(trial, sent).values()))
    trial.require(refused == len(sent), f"only {refused} of {len(sent)} sends were refused first")
    trial.settle()
    late = watch.end()
    trial.require(late <= LATEST_S, f"a lane was due for {late} s and nobody took it")
    dead = trial.taken_for_dead() - dead
    trial.require(not dead, f"a worker was taken for dead {dead} times")
    return {"retries": len(sent), "worst_lateness_s": late, "taken_for_dead": dead}


def _has_left(delivery: dict[str, Any]) -> bool:
    return delivery["outcome"] in ("accepted", "sent", "delivered", "read")


def _was_refused(delivery: dict[str, Any]) -> bool:
    return any(one.get("outcome") == "transient" for one in delivery["tries"])


def _retries(trial: Trial, number: Number, talks: list[str], seconds: float) -> list[str]:
    """Every few seconds a send whose first call is refused for now; Redis forgets what it knew.

    A refusal is meant for one text: another send's second call that met it would wait longer and
    longer, and its conversation behind it.
    """
    sent, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        said = f"retried {trial.run} {next(_numbers)}."
        fail_next(trial, number, http_status=503, match={"text": said})
        sent.append(send(trial, talks[len(sent) % len(talks)], said))
        trial.product.redis.flushall()
        trial.product.sleep(RETRIES_EVERY_S)
    return sent


@contextmanager
def _without_beat(trial: Trial) -> Any:
    keeper = trial.product.keeper
    process = keeper.child(BEAT).process
    keeper.take_out(BEAT)
    try:
        yield
    finally:
        keeper.start(process)
        keeper.wait_ready(process, timeout=STARTING_S)


@contextmanager
def _second_beat(trial: Trial) -> Any:
    """Beside the stack's own, with a schedule of its own, as on a second machine."""
    keeper = trial.product.keeper
    own = keeper.child(BEAT).process
    command = tuple(f"{word}-2" if word.endswith("celerybeat") else word for word in own.command)
    second = replace(own, name=f"{BEAT}-2", command=command, canaries=())
    keeper.start(second)
    try:
        yield
    finally:
        keeper.take_out(second.name)
