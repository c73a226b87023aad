"""What a status proves of a send: that it was taken, and under which id."""

from collections.abc import Iterable, Mapping
from typing import Any

from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.rows import find_rows
from messaging.ingest.targets import External, Target
from messaging.models import Delivery, MessageUpdate
from messaging.status import higher

UNSETTLED = ("unknown", "queued")


def prove_sends(
    fresh: Iterable[tuple[MessageUpdate, Target | None]],
    *,
    ours: Mapping[str, Target],
    known: Mapping[External, Target],
) -> None:
    """Settle the deliveries that could not tell themselves; `ours` came back with the statuses.

    Also one that waits to be tried again: the provider answered with an error and took it all the
    same. And one that was answered with another message's id, and believed it: our own id, which
    came back, says otherwise.
    """
    best: dict[str, MessageUpdate] = {}
    disputed: set[str] = set()
    for row, target in fresh:
        if target is None:
            continue
        of = target[0]
        if of not in best or higher(row.status, best[of].status) == row.status:
            best[of] = row
        if of in ours and known.get((row.channel_id, row.external_id)) != target:
            disputed.add(of)
    if not best:
        return
    for delivery in _open_to_proof(best, disputed):
        _prove(delivery, best[delivery.message_id])
    for of in disputed:
        _take_from_others(best[of])


def _open_to_proof(best: Mapping[str, Any], disputed: set[str]) -> list[Delivery]:
    either: list[dict[str, Any]] = [{
        "message_id": {"$in": [ObjectId(id_) for id_ in best]}, "outcome": {"$in": list(UNSETTLED)},
    }]  # fmt: skip
    if disputed:
        either.append({
            "message_id": {"$in": [ObjectId(id_) for id_ in disputed]}, "outcome": "accepted",
        })  # fmt: skip
    return [row for where in either for row in find_rows(Delivery, where)]


def _prove(delivery: Delivery, row: MessageUpdate) -> None:
    if row.status == "failed" and delivery.outcome == "queued":
        return
    took = delivery.outcome == "accepted" or row.status != "failed"
    outcome = "accepted" if took else "failed"
    collection(Delivery).update_one(
        {**owner(), "_id": ObjectId(delivery.pk), "outcome": delivery.outcome},
        {"$set": {"outcome": outcome, "external_id": row.external_id}},
    )


def _take_from_others(row: MessageUpdate) -> None:
    """Whoever else was told this id does not have it; a status of its own will tell."""
    collection(Delivery).update_many(
        {
            **owner(),
            "channel_id": ObjectId(row.channel_id),
            "external_id": row.external_id,
            "message_id": {"$ne": ObjectId(row.message_id)},
            "outcome": "accepted",
        },
        {"$set": {"outcome": "unknown", "external_id": ""}},
    )
