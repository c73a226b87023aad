"""One trial of one row: a seed, a product, a ledger, the instants of the faults, and what must hold."""

import random
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo.errors import PyMongoError

from tests.faults.ledger import Ledger
from tests.faults.load import Load, Plan
from tests.faults.product import Product

SLO_S = 30.0


@dataclass
class Trial:
    """What a row's function is given. `short` is the version for continuous integration."""

    row: int
    seed: int
    product: Product
    short: bool = False
    scale: float = 1.0
    failures: list[str] = field(default_factory=list)
    faults: list[float] = field(default_factory=list)
    expects: dict[str, Any] = field(default_factory=dict)
    settle_s: float = 60.0

    def __post_init__(self) -> None:
        self.run = f"r{self.row}s{self.seed}x{self.product.run}{int(time.time()) % 100000}"
        self.rng = random.Random(f"{self.row}:{self.seed}")
        self.ledger = Ledger(self.run, self.seed)
        self.since = moment_id()
        self.first_call = self.product.simulator.last()
        self.log_sizes = {path.name: path.stat().st_size for path in self.product.logs()}
        self.began = time.monotonic()
        self.rss_mb = 0.0

    # -- for rows ----------------------------------------------------------------------------

    def load(self, **plan: Any) -> Load:
        """Begin a load; its senders are the trial's own."""
        first = plan.pop("first", self.rng.randrange(0, 90) * 1000)
        return Load(self.product, Plan(first=first, **plan), self.ledger, self.rng).start()

    def require(self, holds: bool, what: str) -> None:
        """A requirement of the row beyond the invariants."""
        if not holds:
            self.failures.append(what)

    def taken_for_dead(self) -> int:
        """How often the supervisor started a worker again because no canary came through its queues."""
        return sum("takes no work" in line for line in self.product.console.said)

    def fault(self) -> None:
        """Remember this instant as one of a fault."""
        self.faults.append(time.time())

    def pause(self, low: float, high: float) -> None:
        """A seeded random wait, in which the product is looked after."""
        self.product.sleep(self.rng.uniform(low, high))

    def pick(self, short: Any, full: Any) -> Any:
        """The number for this version."""
        return short if self.short else full

    # -- after the row -----------------------------------------------------------------------

    def settle(self) -> float:
        """Wait until nothing is left to do; the seconds that took. What stays is the auditor's."""
        began = time.monotonic()
        self.product.wait_until(self._is_settled, self.settle_s)
        return time.monotonic() - began

    def _is_settled(self) -> bool:
        self.rss_mb = max(self.rss_mb, self.product.biggest_mb())
        time.sleep(0.1)
        try:
            return not any(self._waiting())
        except PyMongoError:
            return False

    def _waiting(self) -> Any:
        database = self.product.database
        soon = datetime.now(UTC) + timedelta(seconds=20)
        yield database["webhook_deliveries"].find_one({"state": "new"}, {"_id": 1})
        for name in ("webhook_events", "deliveries", "reactions", "attachments"):
            open_ = {"open": True, "due_at": {"$lt": soon}, "state": {"$ne": "parked"}}
            yield database[name].find_one(open_, {"_id": 1})
        yield database["domain_events"].find_one({"number": 0}, {"_id": 1})
        yield database["audit_log"].find_one({"seq": 0}, {"_id": 1})
        yield database["lane_marks"].find_one({}, {"_id": 1})
        yield next(self.product.stack.folder.spool.rglob("*.spool"), None)

    def latencies(self) -> list[tuple[float, float]]:
        """(time of the acknowledgement, seconds from it until the message was stored) of each."""
        acked = self.ledger.acknowledged()
        return [(acked[id_].answered, seconds) for id_, seconds in self.waits().items()]

    def waits(self) -> dict[str, float]:
        """External id → seconds from its acknowledgement until it was stored."""
        acked = self.ledger.acknowledged()
        prefix = f"wamid.{self.run}."
        between = {"external_id": {"$gte": prefix, "$lt": prefix + "\uffff"}}
        rows = self.product.database["messages"].find(between, {"external_id": 1, "created_at": 1})
        found = {}
        for row in rows:
            if webhook := acked.get(row["external_id"]):
                stored = row["created_at"].replace(tzinfo=UTC).timestamp()
                found[row["external_id"]] = max(0.0, stored - webhook.answered)
        return found

    def recoveries(self, latencies: list[tuple[float, float]]) -> list[float]:
        """For each fault the longest that anything acknowledged around or after it had to wait."""
        found = []
        ends = [*self.faults[1:], float("inf")][: len(self.faults)]
        for at, end in zip(self.faults, ends, strict=True):
            waits = [s for answered, s in latencies if at - 1.0 <= answered < end]
            found.append(max(waits, default=0.0))
        return found

    def write(self, folder: Path) -> None:
        """What the auditor reads."""
        import json

        folder.mkdir(parents=True, exist_ok=True)
        self.ledger.write(folder / "ledger.jsonl")
        calls = [c for c in self.product.simulator.calls() if c["n"] > self.first_call]
        (folder / "calls.jsonl").write_text("".join(json.dumps(c) + "\n" for c in calls))
        (folder / "product.json").write_text(json.dumps(self._description(), indent=1))

    def _description(self) -> dict[str, Any]:
        product = self.product
        ours = ("MONGODB_", "SWITCHBOARD_", "META_", "REDIS_", "DJANGO_")
        stack = product.stack
        return {
            "row": self.row,
            "mongodb_uri": product.env["MONGODB_URI"],
            "mongodb_name": product.env["MONGODB_NAME"],
            "env": {k: v for k, v in product.env.items() if k.startswith(ours)},
            "tenant_of": product.tenant_of,
            "logs": str(stack.folder.logs),
            "log_sizes": self.log_sizes,
            "spool": str(stack.folder.spool),
            "secrets": [*product.tokens, product.demo["meta"]["app_secret"],
                        *(t["api_key"] for t in product.tenants)],
            "since": str(self.since),
            "slo_s": SLO_S, "allowed_5xx": [], "edge_5xx": [], "may_bury": False,
            **self.expects,
        }  # fmt: skip


def moment_id() -> ObjectId:
    """An id below every one that the product makes from now on: theirs begin with milliseconds."""
    return ObjectId((time.time_ns() // 1_000_000).to_bytes(6, "big") + bytes(6))


class Watch:
    """Samples the product's memory beside a row."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(2.0):
            self.trial.rss_mb = max(self.trial.rss_mb, self.trial.product.biggest_mb())
