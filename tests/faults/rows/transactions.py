"""Row 112: a commit that fails in any way leaves a process that still writes in transactions."""

import json
import subprocess
import sys

from kernel.dev.layout import ROOT
from tests.faults.rows import Figure, row
from tests.faults.trial import Trial

ENTRY = "import django; django.setup(); from tests.faults.blocks import run; run()"
FAULTS = (
    ("commitTransaction", {"errorCode": 251, "errorLabels": ["TransientTransactionError"]}, 1),
    ("commitTransaction", {"errorCode": 251, "errorLabels": ["TransientTransactionError"]}, 3),
    ("commitTransaction", {"errorCode": 189}, 1),
    ("commitTransaction", {"errorCode": 189}, 3),
    ("commitTransaction", {"closeConnection": True}, 2),
    ("commitTransaction", {"errorCode": 50}, 1),
    ("insert", {"errorCode": 112, "errorLabels": ["TransientTransactionError"]}, 2),
    ("insert", {"closeConnection": True}, 1),
    ("insert", {"errorCode": 50}, 1),
)


@row(112, "transaction poisoning", short=True)
def poisoning(trial: Trial) -> Figure:
    """After each fault 100 blocks (short: 30) follow in the same process, each watched on the wire."""
    faults = list(FAULTS)
    trial.rng.shuffle(faults)
    asked = {
        "faults": faults,
        "blocks": trial.pick(30, 100),
        "name": f"b{trial.seed}-{trial.run[-8:]}",
    }
    result = subprocess.run(
        [sys.executable, "-c", ENTRY, json.dumps(asked)],
        cwd=ROOT, env=trial.product.env, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    trial.require(result.returncode == 0, result.stderr[-800:])
    found: Figure = json.loads(result.stdout.splitlines()[-1]) if result.stdout else {}
    trial.require(found.get("non_transactional") == 0, f"blocks without a transaction: {found}")
    trial.require(found.get("leftover_sessions") == 0, f"sessions left behind: {found}")
    trial.require(found.get("wrong_rows") == 0, f"rows that disagree with the outcome: {found}")
    return found
