"""Running trials: products are shared between trials that need the same one, and renewed after a failure."""

import shutil
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from statistics import median

from tests.faults.auditor import audit, broken
from tests.faults.ledger import quantile
from tests.faults.product import Product, Spec
from tests.faults.report import FOLDER, Line, about, keep, table
from tests.faults.rows import Row
from tests.faults.trial import Trial, Watch

LASTING = {"I2", "I4", "I5", "I6", "I9"}
"""Checks of the whole database: what one trial broke, the next would find again on the same product."""


class Products(AbstractContextManager["Products"]):
    """At most one running product."""

    def __init__(self) -> None:
        self._product: Product | None = None

    def of(self, spec: Spec) -> Product:
        if self._product is None or self._product.spec != spec:
            self.drop()
            began = time.monotonic()
            self._product = Product(spec).__enter__()
            print(f"  a stack is ready after {time.monotonic() - began:.1f} s", flush=True)
        return self._product

    def drop(self) -> None:
        """The next trial starts on a new one."""
        if self._product is not None:
            self._product.close()
            self._product = None

    def __exit__(self, *_: object) -> None:
        self.drop()


def run_all(rows: Iterable[Row], seeds: range, *, short: bool, scale: float) -> int:
    """Run each row with each seed; print as it goes, the table at the end; the exit code."""
    lines: list[Line] = []
    facts = about()
    began = time.monotonic()
    with Products() as products:
        for row in sorted(rows, key=lambda row: (row.spec.members, row.spec.relay, row.number)):
            for seed in seeds:
                line = run_one(products, row, seed, short=short, scale=scale)
                line.about = facts
                keep(line)
                lines.append(line)
    print("\n" + table(sorted(lines, key=lambda line: (line.row, line.seed))))
    for line in lines:
        for failure in line.failures:
            print(f"row {line.row} seed {line.seed}: {failure}")
    passed = sum(line.passed for line in lines)
    print(f"{passed} of {len(lines)} trials passed in {time.monotonic() - began:.0f} s")
    return 0 if passed == len(lines) else 1


def run_one(products: Products, row: Row, seed: int, *, short: bool, scale: float) -> Line:
    """One trial and its audit; a failure keeps the evidence in `.data-faults/failed-…`."""
    print(f"row {row.number} ({row.name}), seed {seed}", flush=True)
    product = products.of(row.spec)
    trial = Trial(row.number, seed, product, short=short, scale=scale)
    line = Line(row.number, row.name, seed, short)
    with Watch(trial):
        try:
            line.figure = row.function(trial)
        except Exception as error:
            trial.failures.append(f"{type(error).__name__}: {error}")
            _trace(error)
        settled = trial.settle()
    judge(trial, line, settled)
    if line.passed:
        print(f"  pass in {line.seconds:.0f} s: {_short(line)}", flush=True)
    else:
        _keep_evidence(trial, line)
        if set(line.broken) & LASTING or settled >= trial.settle_s:
            products.drop()
    return line


def judge(trial: Trial, line: Line, settled: float) -> None:
    """Fill the line from the ledger and the audit."""
    folder = trial.product.stack.folder.path / "trial"
    shutil.rmtree(folder, ignore_errors=True)
    trial.write(folder)
    checks = audit(folder, trial.product.verifier.verify)
    line.broken = broken(checks)
    for name in line.broken:
        trial.failures.append(f"{name}: {checks[name].count}: " + "; ".join(checks[name].examples))
    line.failures = trial.failures
    line.lost, line.dup, line.inv = (checks[name].count for name in ("I1", "I2", "I3"))
    _measure(trial, line, settled)
    line.passed = not trial.failures


def _measure(trial: Trial, line: Line, settled: float) -> None:
    ledger, latencies = trial.ledger, trial.latencies()
    recoveries = trial.recoveries(latencies)
    acks = ledger.ack_ms()
    promised = sum(1 for c in ledger.calls if c.sent)
    line.items = sum(len(w.items) for w in ledger.webhooks) + promised
    line.acked = len(ledger.acknowledged()) + promised
    line.http = ledger.classes()
    line.unknown = line.http["none"]
    line.p50_ms, line.p99_ms = round(quantile(acks, 0.5), 1), round(quantile(acks, 0.99), 1)
    line.recovery_p50_s = round(median(recoveries), 1) if recoveries else 0.0
    line.recovery_max_s = round(max(recoveries, default=0.0), 1)
    line.rss_max_mb = round(trial.rss_mb, 1)
    line.seconds = round(time.monotonic() - trial.began, 1)
    late = sorted(seconds for _, seconds in latencies)
    line.figure |= {"settled_s": round(settled, 1), "stored_p50_s": round(quantile(late, 0.5), 2),
                    "stored_p99_s": round(quantile(late, 0.99), 2)}  # fmt: skip


def _keep_evidence(trial: Trial, line: Line) -> None:
    where = FOLDER / f"failed-row{line.row}-seed{line.seed}"
    shutil.rmtree(where, ignore_errors=True)
    shutil.copytree(trial.product.stack.folder.path / "trial", where)
    trial.product.keep_logs(where / "logs")
    print(f"  FAIL in {line.seconds:.0f} s; the evidence is in {where.name}", flush=True)
    for failure in line.failures:
        print(f"    {failure}", flush=True)


def _short(line: Line) -> str:
    figures = ", ".join(f"{name} {value}" for name, value in line.figure.items())
    return f"N {line.items}, lost {line.lost}, dup {line.dup}, inv {line.inv}; {figures}"


def _trace(error: Exception) -> None:
    import traceback

    traceback.print_exception(error)
