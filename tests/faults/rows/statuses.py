"""Row 36: statuses in any order, repeated, contradicting each other, of unknown messages, days late."""

import time
from collections import Counter
from typing import Any

from tests.faults.ledger import SENDERS, body_of
from tests.faults.posting import Poster
from tests.faults.rows import Figure, row
from tests.faults.rows.disorder import QUICK, RANK, SLOW
from tests.faults.sending import came_to, conversations, deliveries, own_number, send
from tests.faults.trial import Trial

WAYS: dict[str, tuple[str, ...]] = {
    "in order": ("sent", "delivered", "read"),
    "reversed": ("read", "delivered", "sent"),
    "twice each": ("sent", "sent", "delivered", "delivered", "read", "read"),
    "delivered and failed": ("sent", "delivered", "failed"),
    "failed and delivered": ("failed", "delivered"),
    "failed late": ("read", "failed"),
    "only read": ("read",),
    "failed": ("sent", "failed", "failed"),
    "failed, then sent": ("failed", "sent"),
}
LATE_S = 8 * 86400


@row(36, "status chaos", short=True)
def chaos(trial: Trial) -> Figure:
    """Each way in one body, one by one, and eight days late; the highest state stands, each told once."""
    number, rounds = own_number(trial), trial.pick(1, 5)
    plan = [(way, how) for way in WAYS for how in ("one body", "one by one", "late")] * rounds
    threads = conversations(trial, number.phone, len(plan), first=600)
    trial.product.simulator.do("settings", status_delay_ms=SLOW)
    try:
        sent = [send(trial, thread, "chaos") for thread in threads]
        trial.require(not came_to(trial, sent, "accepted", 60), "a send was not accepted")
    finally:
        trial.product.simulator.do("settings", status_delay_ms=QUICK)
    wamids = {m: row_["external_id"] for m, row_ in deliveries(trial, sent).items()}
    for message, (way, how) in zip(sent, plan, strict=True):
        _tell(trial, number.phone, wamids[message], WAYS[way], how)
    unknown = _unknown(trial, number.phone)
    trial.settle()
    wrong, repeated = _judge(trial, dict(zip(sent, plan, strict=True)))
    trial.require(not wrong, f"wrong final states: {wrong[:5]}")
    trial.require(not repeated, f"{repeated} changes were told twice")
    parked = trial.product.database["message_updates"]
    left = parked.count_documents({"external_id": {"$in": unknown}})
    trial.require(left == len(unknown), f"{left} of {len(unknown)} unknown statuses are kept")
    parked.delete_many({"external_id": {"$in": unknown}})  # row 6 counts what belongs to nothing
    return {"sends": len(sent), "ways": len(WAYS), "wrong_final": len(wrong), "told_twice": repeated}  # fmt: skip


def _tell(trial: Trial, phone: str, wamid: str, told: tuple[str, ...], how: str) -> None:
    at = int(time.time()) - (LATE_S if how == "late" else 0)
    statuses = [_status(wamid, status, at + RANK.index(status)) for status in told]
    bodies = [statuses] if how == "one body" else [[status] for status in statuses]
    poster = Poster(trial)
    for one in bodies:
        code = poster.post(body_of(phone, [], statuses=one, contacts=[]), phone=phone)
        trial.require(code == 200, f"a status was answered {code}")


def _status(wamid: str, status: str, at: int) -> dict[str, Any]:
    told: dict[str, Any] = {"id": wamid, "status": status, "timestamp": str(at),
                            "recipient_id": f"{SENDERS}90600"}  # fmt: skip
    if status == "failed":
        told["errors"] = [{"code": 131026, "title": "Message undeliverable"}]
    return told


def _unknown(trial: Trial, phone: str) -> list[str]:
    """Statuses of messages that nobody here sent."""
    wamids = [f"wamid.nobody.{trial.run}.{n}" for n in range(5)]
    for wamid in wamids:
        _tell(trial, phone, wamid, ("delivered",), "one by one")
    return wamids


def _judge(trial: Trial, plan: dict[str, tuple[str, str]]) -> tuple[list[str], int]:
    """Messages in a wrong final state, and events that tell the same state of a message again."""
    wrong = []
    for message, (way, how) in plan.items():
        shown = trial.product.api("GET", f"messages/{message}")[1]
        expected = max(WAYS[way], key=RANK.index)
        if shown["status"] != expected or (shown["error"] is None) == (expected == "failed"):
            wrong.append(f"{way}, {how}: {shown['status']} instead of {expected}")
    told = trial.product.database["domain_events"].find(
        {"type": "message.status_changed", "data.message_id": {"$in": list(plan)}}
    )
    counts = Counter((row_["data"]["message_id"], row_["data"]["status"]) for row_ in told)
    return wrong, sum(count - 1 for count in counts.values())
