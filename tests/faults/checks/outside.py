"""I6, I7, I8 and I10: the audit chain, the logs, the answers, the provider's own ledger."""

import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from bson import ObjectId

from tests.faults.auditor import Case
from tests.faults.ledger import CANARY, SENDERS

ROOT = Path(__file__).resolve().parents[3]
REFUSED = range(400, 600)


def chain(case: Case) -> None:
    """I6: the product's own verifier walks every tenant's chain; its exit code decides."""
    code, words = case.verify() if case.verify else _verified(case.product["env"])
    if code:
        said = words.strip().splitlines()
        case.checks["I6"].add(said[-1] if said else "verify_audit failed", max(1, len(said)))


def _verified(env: dict[str, str]) -> tuple[int, str]:
    result = subprocess.run(
        [sys.executable, "manage.py", "verify_audit"], cwd=ROOT, env={**os.environ, **env},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return result.returncode, result.stderr or result.stdout


def logs(case: Case) -> None:
    """I7: every text of the load holds a word, every sender's number begins alike; no log has them."""
    secrets = [re.escape(secret) for secret in case.product["secrets"]]
    pattern = re.compile("|".join([CANARY, rf"\b{SENDERS}\d{{5}}\b", *secrets]).encode())
    for path in sorted(Path(case.product["logs"]).glob("*.log*")):
        with path.open("rb") as file:
            file.seek(case.product["log_sizes"].get(path.name, 0))
            for line in file:
                if found := pattern.search(line):
                    where = line[max(0, found.start() - 80) : found.start()]
                    case.checks["I7"].add(f"{path.name}: …{where!r}<{found[0][:12]!r}>")


def answers(case: Case) -> None:
    """I8: no answer carries internals; a 5xx comes only where the run expects one."""
    check = case.checks["I8"]
    allowed = set(case.product["allowed_5xx"])
    for webhook in case.ledger.webhooks:
        if webhook.status >= 500 and webhook.status not in set(case.product["edge_5xx"]):
            check.add(f"a webhook was answered {webhook.status}")
        if webhook.trace:
            check.add("an answer of the edge shows internals")
    for call in case.ledger.calls:
        if call.status >= 500 and call.status not in allowed:
            check.add(f"{call.method} {call.path.split('?')[0]} was answered {call.status}")
        if call.trace:
            check.add(f"{call.method} {call.path.split('?')[0]} shows internals")


def calls(case: Case) -> None:
    """I10: no message is called for again after a call that may have arrived; accepted means called."""
    check = case.checks["I10"]
    by_message: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for call in case.calls:
        by_message[call["message"]].append(call)
    nameless = {call["wamid"] for call in by_message.pop("", ())}
    for id_, made in by_message.items():
        arrived = [call for call in made if call["status"] not in REFUSED]
        if arrived and made[-1]["n"] > arrived[0]["n"]:
            check.add(f"message {id_} was called for again after call {arrived[0]['n']}")
    since = ObjectId(case.product["since"])
    for row in case.database["deliveries"].find({"_id": {"$gte": since}}):
        made = by_message.get(str(row["message_id"]), [])
        called = {call["wamid"] for call in made} | nameless
        if row["outcome"] == "accepted" and row["external_id"] not in called:
            check.add(f"delivery {row['_id']} counts as accepted and the provider has no such call")
    known = {str(r["message_id"]) for r in case.database["deliveries"].find({}, {"message_id": 1})}
    for id_ in set(by_message) - known:
        check.add(f"the provider was called for {id_}, of which there is no delivery")
