"""Row 24: items that raise, hang, exit, crash or eat memory; everybody else goes on."""

import time
from typing import Any

from tests.faults.ledger import CANARY, SENDERS, body_of, quantile, text_of
from tests.faults.posting import Poster
from tests.faults.rows import Figure, row
from tests.faults.trial import Trial

KINDS = ("raise", "hang", "exit", "segv", "memory")


@row(24, "poison event")
def poison(trial: Trial) -> Figure:
    """Each poison stands between two good messages of its sender; neighbours write all the time.

    Three inbound processes. The hanging one meets time limits of 15 s instead of the product's 45 s
    (short: 5 s), because it meets them five times.
    """
    product = trial.product
    limits = trial.pick(("5", "8"), ("15", "20"))
    env = product.hooked("poison", FAULTS_SOFT_S=limits[0], FAULTS_HARD_S=limits[1])
    trial.expects["may_bury"] = True
    trial.settle_s = trial.pick(120, 180)
    with product.swapped("worker-inbound", **env), product.workers(2, env=env):
        load = trial.load(seconds=trial.pick(45, 150), rate=20, api_rate=5, senders=60)
        poisoned, behind = _post(trial)
        began = time.monotonic()
        product.wait_until(lambda: _stored(trial, behind) == len(behind), trial.settle_s)
        blocked = time.monotonic() - began
        load.stop()
        load.join()
        trial.settle()
    return _judge(trial, poisoned, behind, blocked)


def _post(trial: Trial) -> tuple[dict[str, str], list[str]]:
    """Good, poison, good from each of five senders; the ids of the poison and of what is behind it."""
    poster, poisoned, behind = Poster(trial), {}, []
    for number, kind in enumerate(KINDS):
        sender = f"{SENDERS}{99000 + number:05d}"
        for n, said in enumerate((f"{CANARY} 1", f"poison:{kind}", f"{CANARY} 3"), start=1):
            id_ = f"wamid.{trial.run}.{sender}.{n}"
            message = text_of(id_, sender, said, time.time())
            poster.post(body_of(trial.product.phones[0], [message]), [(id_, sender, n)])
            if n == 2:
                poisoned[id_] = kind
        behind.append(id_)
    return poisoned, behind


def _stored(trial: Trial, ids: list[str]) -> int:
    found: int = trial.product.database["messages"].count_documents({"external_id": {"$in": ids}})
    return found


def _judge(
    trial: Trial, poisoned: dict[str, str], behind: list[str], blocked: float
) -> dict[str, Any]:
    keys = [f"msg:{id_}" for id_ in poisoned]
    rows = list(trial.product.database["webhook_events"].find({"event_key": {"$in": keys}}))
    attempts = {poisoned[r["event_key"].removeprefix("msg:")]: r["attempts"] for r in rows}
    dead = [r for r in rows if r["state"] == "dead" and r["reason"]]
    trial.require(len(dead) == len(KINDS), f"{len(dead)} of {len(KINDS)} were buried with a reason")
    # The sixth lease is the one that finds five without an outcome, and buries.
    trial.require(max(attempts.values(), default=9) <= 6, f"attempts: {attempts}")
    missing = len(behind) - _stored(trial, behind)
    trial.require(not missing, f"{missing} conversations did not go on behind their poison")
    own = trial.product.phones[0]
    acked = trial.ledger.acknowledged()
    phones = {id_: w.phone for id_, w in acked.items()}
    late: dict[bool, list[float]] = {True: [], False: []}
    for id_, seconds in trial.waits().items():
        if id_ not in behind and id_ in phones:
            late[phones[id_] == own].append(seconds)
    return {"attempts": attempts, "blocked_s": round(blocked, 1),
            "neighbours_p99_s": round(quantile(sorted(late[False]), 0.99), 2),
            "same_tenant_p99_s": round(quantile(sorted(late[True]), 0.99), 2)}  # fmt: skip
