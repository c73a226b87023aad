"""Row 6: messages with shuffled times, statuses in any order, statuses before our own record."""

import time
from typing import Any

from tests.faults.ledger import CANARY, SENDERS, body_of, text_of
from tests.faults.posting import Poster
from tests.faults.rows import Figure, row
from tests.faults.trial import Trial

RANK = ("accepted", "sent", "failed", "delivered", "read")
"""From the lowest to the highest; the highest that was told is the state."""
SLOW = {"sent": 3_600_000, "delivered": 3_600_000, "read": 3_600_000}
QUICK = {"sent": 40, "delivered": 120, "read": 300}


@row(6, "out-of-order arrival")
def disorder(trial: Trial) -> Figure:
    """Every state is the highest that was told, whatever the order; nothing told is left over."""
    times = _shuffled_times(trial)
    trial.product.simulator.do("settings", status_delay_ms=SLOW)
    try:
        wrong, count = _statuses(trial)
    finally:
        trial.product.simulator.do("settings", status_delay_ms=QUICK)
    orphans = trial.product.database["message_updates"].count_documents({"message_id": ""})
    trial.require(not orphans, f"{orphans} statuses belong to no message")
    trial.require(not wrong, f"wrong states: {wrong}")
    return {"messages": times, "sends": count, "wrong_states": len(wrong), "orphans": orphans}


def _shuffled_times(trial: Trial) -> int:
    """200 messages of each sender whose provider times are shuffled: the order of arrival stands."""
    poster, each = Poster(trial), trial.pick(40, 200)
    expected: dict[str, int] = {}
    for number in range(3):
        sender = f"{SENDERS}{97000 + number:05d}"
        at = int(time.time()) - each
        for n, moment in enumerate(trial.rng.sample(range(at, at + each), each), start=1):
            id_ = f"wamid.{trial.run}.{sender}.{n}"
            expected[id_] = moment
            message = text_of(id_, sender, f"{CANARY}{trial.run} {n}", moment)
            phone = trial.product.phones[number]
            poster.post(body_of(phone, [message]), [(id_, sender, n)], phone=phone)
    trial.settle()
    rows = trial.product.database["messages"].find({"external_id": {"$in": list(expected)}})
    from datetime import UTC

    wrong = [r for r in rows
             if r["provider_at"].replace(tzinfo=UTC).timestamp() != expected[r["external_id"]]]  # fmt: skip
    trial.require(not wrong, f"{len(wrong)} messages have another provider time")
    return len(expected)


def _statuses(trial: Trial) -> tuple[list[str], int]:
    """Statuses of each send, shuffled and repeated; of some before the answer to the call is there."""
    poster, product = Poster(trial), trial.product
    conversations = _conversations(trial, trial.pick(6, 24))
    expected: dict[str, str] = {}
    for number, conversation in enumerate(conversations):
        early = number % 3 == 0
        if early:
            product.simulator.do("fail-next", drip=True, interval_ms=5, count=1)
        said = {"type": "text", "text": f"{CANARY} {number}"}
        _, shown = product.api("POST", f"conversations/{conversation}/messages", said)
        wamid = _wamid(trial, shown["id"])
        told = trial.rng.sample(RANK[1:], trial.rng.randrange(1, len(RANK)))
        told += trial.rng.sample(told, 1)
        for status in told:
            poster.post(_status(trial, wamid, status, shown["id"] if number % 2 else ""))
        expected[shown["id"]] = max(told, key=RANK.index)
    trial.settle()
    product.sleep(1.0)
    found = {id_: product.api("GET", f"messages/{id_}")[1].get("status") for id_ in expected}
    wrong = [
        f"{found[id_]} instead of {expected[id_]}"
        for id_ in expected
        if found[id_] != expected[id_]
    ]
    return wrong, len(expected)


def _conversations(trial: Trial, count: int) -> list[str]:
    poster, ids = Poster(trial), []
    for n in range(count):
        sender = f"{SENDERS}{97100 + n:05d}"
        ids.append(f"wamid.{trial.run}.{sender}.1")
        message = text_of(ids[-1], sender, f"{CANARY} hi", time.time())
        poster.post(body_of(trial.product.phones[0], [message]), [(ids[-1], sender, 1)])
    trial.settle()
    rows = trial.product.database["messages"].find({"external_id": {"$in": ids}})
    return [str(row_["conversation_id"]) for row_ in rows]


def _wamid(trial: Trial, message: str) -> str:
    """The provider's id of a message, from its own ledger, as soon as the call is there."""
    found: list[Any] = []

    def look() -> bool:
        found[:] = [c["wamid"] for c in trial.product.simulator.calls()
                    if c["message"] == message and c["wamid"]]  # fmt: skip
        return bool(found)

    trial.product.wait_until(look, 20)
    return str(found[0])


def _status(trial: Trial, wamid: str, status: str, callback: str) -> dict[str, Any]:
    told: dict[str, Any] = {"id": wamid, "status": status, "timestamp": str(int(time.time())),
                            "recipient_id": f"{SENDERS}97100"}  # fmt: skip
    if callback:
        told["biz_opaque_callback_data"] = callback
    if status == "failed":
        told["errors"] = [{"code": 131026, "title": "Message undeliverable"}]
    return body_of(trial.product.phones[0], [], statuses=[told], contacts=[])
