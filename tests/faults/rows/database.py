"""Rows 7, 8 and 10: MongoDB freezes, dies and fails commands, on a replica set of three."""

import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import bson

from kernel.dev import servers
from tests.faults.ledger import quantile
from tests.faults.load import Load
from tests.faults.rows import Figure, row
from tests.faults.trial import Trial


class SpoolWatch:
    """Counts what goes through the spool, by looking at its folder."""

    def __init__(self, trial: Trial) -> None:
        self.folder: Path = trial.product.stack.folder.spool
        self.events: dict[str, int] = {}
        self.falling_since = 0.0
        self.empty_at = 0.0
        self._most = 0

    def look(self) -> bool:
        """One sample; never ends a wait."""
        files = list(self.folder.rglob("*.spool"))
        for path in files:
            if path.name not in self.events:
                with suppress(OSError, bson.errors.InvalidBSON):
                    self.events[path.name] = len(bson.decode_all(path.read_bytes()[:-4]))
        if len(files) >= self._most:
            self._most, self.falling_since, self.empty_at = len(files), time.time(), 0.0
        elif not files and not self.empty_at:
            self.empty_at = time.time()
        time.sleep(
            0.2
        )  # looking at thousands of files more often would slow the drain that is measured
        return False

    def figures(self) -> Figure:
        count = sum(self.events.values())
        took = max(0.001, self.empty_at - self.falling_since) if self.empty_at else 0.0
        return {"spooled": count, "drained_s": round(took, 2),
                "drain_per_s": round(count / took) if took else 0}  # fmt: skip


def _watch(trial: Trial, watch: SpoolWatch, seconds: float) -> None:
    trial.product.wait_until(watch.look, seconds)


def _until_drained(trial: Trial, watch: SpoolWatch, load: Load) -> float:
    """Wait for the load's end and an empty spool; seconds since the call until it was empty."""
    began = time.time()
    trial.product.wait_until(
        lambda: watch.look() or (load.is_over and bool(watch.empty_at or not watch.events)), 180
    )
    load.join()
    return (watch.empty_at or time.time()) - began


def _judge(trial: Trial, at: float) -> Figure:
    """All webhooks were answered 200; how long those took that came at the beginning, and later."""
    refused = [w.status for w in trial.ledger.webhooks if w.status != 200]
    trial.require(not refused, f"{len(refused)} webhooks were not answered 200")
    first = [w.answered - w.turn for w in trial.ledger.webhooks if at <= w.turn <= at + 2.5]
    later = sorted(w.answered - w.turn for w in trial.ledger.webhooks if w.turn > at + 2.5)
    trial.require(max(first, default=0.0) <= 2.5, f"first acks after {max(first):.2f} s")
    wrong = {c.status for c in trial.ledger.calls if c.status >= 500} - {503}
    trial.require(not wrong, f"the API answered {wrong}")
    return {"first_acks_max_s": round(max(first, default=0.0), 2),
            "later_acks_p99_ms": round(quantile(later, 0.99) * 1000, 1),
            "non_200": len(refused)}  # fmt: skip


@row(7, "mongod frozen", members=3)
def frozen(trial: Trial) -> Figure:
    """The primary is stopped for 60 s under the standard load, then goes on."""
    trial.expects["allowed_5xx"] = [503]
    freeze = trial.pick(20, 60)
    load, watch = trial.load(seconds=freeze + 20), SpoolWatch(trial)
    trial.pause(3.0, 5.0)
    primary, at = trial.product.primary(), time.time()
    trial.fault()
    trial.product.stack.kill(primary, signal.SIGSTOP)
    try:
        _watch(trial, watch, freeze)
    finally:
        trial.product.stack.kill(primary, signal.SIGCONT)
    _until_drained(trial, watch, load)
    figures = watch.figures()
    if figures["spooled"] > 200:
        trial.require(figures["drain_per_s"] >= 500, f"drained {figures['drain_per_s']}/s")
    return _judge(trial, at) | figures


@row(8, "all mongod killed", members=3)
def killed(trial: Trial) -> Figure:
    """All three members die at once and come back after 60 s."""
    trial.expects["allowed_5xx"] = [503]
    away = trial.pick(15, 60)
    load, watch = trial.load(seconds=away + 30), SpoolWatch(trial)
    trial.pause(3.0, 5.0)
    at, members = time.time(), ("mongod-1", "mongod-2", "mongod-3")
    trial.fault()
    for member in members:
        trial.product.stack.kill(member)
    _watch(trial, watch, away)
    for member in members:
        trial.product.stack.start(member, wait=False)
    trial.product.stack.wait_ready(*members)
    trial.product.primary()
    took = _until_drained(trial, watch, load)
    return _judge(trial, at) | watch.figures() | {"primary_to_empty_s": round(took, 1)}


COMMANDS = ("insert", "update", "findAndModify", "commitTransaction")
ERRORS: tuple[dict[str, Any], ...] = (
    {"closeConnection": True}, {"errorCode": 189}, {"errorCode": 112}, {"errorCode": 251}, {"errorCode": 50},
)  # fmt: skip


@row(10, "driver-level failures", members=3)
def failing_commands(trial: Trial) -> Figure:
    """Each command fails in each way, one to three times, while the standard load runs."""
    trial.expects["allowed_5xx"] = [503]
    cases = [(c, e, n) for c in COMMANDS for e in ERRORS for n in (1, 2, 3)]
    trial.rng.shuffle(cases)
    cases = cases[: trial.pick(12, len(cases))]
    load = trial.load(seconds=len(cases) * 1.2 + 3)
    hits = 0
    for command, error, times in cases:
        hits += _fail(trial, command, error, times)
    load.join()
    settled = trial.settle()
    refused = [w.status for w in trial.ledger.webhooks if w.status != 200]
    trial.require(not refused, f"{len(refused)} webhooks were not answered 200: {set(refused)}")
    return {"cases": len(cases), "commands_failed": hits, "settled": round(settled, 1)}


def _fail(trial: Trial, command: str, error: dict[str, Any], times: int) -> int:
    """Fail the next `times` of a command on the primary; how many it were within a second or so."""
    with servers.directly(trial.product.port_of(trial.product.primary())) as client:
        failpoint = {"failCommands": [command], **error}
        admin = client.admin
        before = admin.command("configureFailPoint", "failCommand", mode="off")["count"]
        trial.fault()
        admin.command("configureFailPoint", "failCommand", mode={"times": times}, data=failpoint)
        trial.product.sleep(1.0)
        after = admin.command("configureFailPoint", "failCommand", mode="off")["count"]
        return int(after - before)
