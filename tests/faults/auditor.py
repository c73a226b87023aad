"""The auditor: judges I1 to I10 of one run, from outside.

    python -m tests.faults.auditor FOLDER

`FOLDER` holds `ledger.jsonl` (what was posted and answered), `calls.jsonl` (the simulator's
ledger of the calls it received) and `product.json` (where the databases and logs are, and what
the run expects). It reads MongoDB with the bare driver and imports nothing of the product; the
audit chain alone is walked by the product's own command, `manage.py verify_audit`.
"""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from tests.faults.ledger import Ledger

INVARIANTS = {
    "I1": "nothing that was acknowledged is lost",
    "I2": "nothing is doubled, nor any effect of it",
    "I3": "each sender's messages stand in the order of their acknowledgement",
    "I4": "every reference stays inside its tenant",
    "I5": "nothing unfinished is older than its limit",
    "I6": "the audit chain holds",
    "I7": "no text, number or token is in a log",
    "I8": "no unexpected 5xx, no internals in an answer",
    "I9": "counters equal a recount",
    "I10": "the provider's calls and our deliveries agree",
}


@dataclass
class Check:
    """What one invariant's check found: how many violations, and the first of them."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, what: str, times: int = 1) -> None:
        self.count += times
        if times and len(self.examples) < 5:
            self.examples.append(what)


@dataclass
class Case:
    """Everything that the checks read."""

    ledger: Ledger
    calls: list[dict[str, Any]]
    product: dict[str, Any]
    database: Any
    checks: dict[str, Check] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    verify: Callable[[], tuple[int, str]] | None = None

    @property
    def tenants(self) -> list[Any]:
        from bson import ObjectId

        return [ObjectId(id_) for id_ in dict.fromkeys(self.product["tenant_of"].values())]


def audit(folder: Path, verify: Callable[[], tuple[int, str]] | None = None) -> dict[str, Check]:
    """Every check of one run's folder, by the invariant's name.

    `verify` runs `verify_audit` in a process that is there already; without it one is started.
    """
    from tests.faults import checks

    product = json.loads((folder / "product.json").read_text())
    calls = [json.loads(line) for line in (folder / "calls.jsonl").open()]
    with MongoClient[Any](product["mongodb_uri"], serverSelectionTimeoutMS=30_000) as client:
        case = Case(Ledger.read(folder / "ledger.jsonl"), calls, product,
                    client[product["mongodb_name"]], verify=verify)  # fmt: skip
        case.messages = _messages(case)
        case.checks = {name: Check() for name in INVARIANTS}
        for check in checks.ALL:
            check(case)
    return case.checks


def _messages(case: Case) -> list[dict[str, Any]]:
    """What the database holds of this run's inbound messages."""
    prefix = f"wamid.{case.ledger.run}."
    between = {"external_id": {"$gte": prefix, "$lt": prefix + "\uffff"}}
    shown = {"external_id": 1, "conversation_id": 1, "channel_id": 1, "seq": 1, "tenantId": 1,
             "created_at": 1, "sender_id": 1}  # fmt: skip
    return list(case.database["messages"].find(between, shown))


def broken(checks: dict[str, Check]) -> list[str]:
    """The names of the invariants that do not hold."""
    return [name for name, check in checks.items() if check.count]


def said(checks: dict[str, Check]) -> Iterable[str]:
    """A line for each invariant."""
    for name, check in checks.items():
        verdict = f"{check.count} violations" if check.count else "holds"
        yield f"{name:<4} {INVARIANTS[name]:<62} {verdict}"
        yield from (f"       {example}" for example in check.examples)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    found = audit(Path(arguments[0]))
    print("\n".join(said(found)))
    return 1 if broken(found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
