"""What a status proves of a send: that it was taken, and under which id."""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings

from kernel.clock import now
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.rows import find_rows
from kernel.work import enqueue
from messaging.ingest.targets import External, Target
from messaging.models import Delivery, DeliveryCheck, MessageUpdate
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
    disputed: dict[str, Target | None] = {}
    for row, target in fresh:
        if target is None:
            continue
        of = target[0]
        if of not in best or higher(row.status, best[of].status) == row.status:
            best[of] = row
        holder = known.get((row.channel_id, row.external_id))
        if of in ours and holder != target:
            disputed[of] = holder
    if not best:
        return
    for delivery in _open_to_proof(best, disputed):
        _prove(delivery, best[delivery.message_id])
    for of, holder in disputed.items():
        if holder is not None:  # else the status only overtook our own record
            _take_from(holder, best[of].external_id)


def _open_to_proof(best: Mapping[str, Any], disputed: Collection[str]) -> list[Delivery]:
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


def _take_from(holder: Target, external_id: str) -> None:
    """Who was told this id does not have it; a status of its own will tell, or a person decides."""
    held = {"message_id": ObjectId(holder[0]), "external_id": external_id, "outcome": "accepted"}
    later = now() + timedelta(seconds=settings.UNKNOWN_AFTER_S)
    for delivery in find_rows(Delivery, held):
        collection(Delivery).update_one(
            {**owner(), "_id": ObjectId(delivery.pk), **held},
            {"$set": {"outcome": "unknown", "external_id": ""}},
        )
        enqueue("check", DeliveryCheck(lane=delivery.pk, delivery=delivery, due_at=later))
