"""Recording that a provider took several messages: what ``settle.accepted`` writes for one, in bulk."""

from collections import defaultdict
from collections.abc import Sequence

from channels.providers.contract import Accepted
from channels.services.traffic import note_traffic
from kernel.events import Event, emit
from kernel.mongo.doors import ObjectId, UpdateOne, collection, owner
from kernel.mongo.rows import find_rows, insert_rows
from kernel.mongo.transactions import run_transaction
from kernel.work import StaleFence
from kernel.work.items import done_fields
from messaging.dispatch import pacing, settle
from messaging.dispatch.heads import Send
from messaging.events import MessageStatusChanged
from messaging.ingest.updates import reacted
from messaging.models import Delivery, MessageUpdate
from messaging.status import higher

Taken = tuple[Send, Accepted]


def is_simple(send: Send, answer: Accepted) -> bool:
    """Whether nothing but the send itself is to be recorded: no reaction, no name that was not known."""
    return send.message.type != "reaction" and (
        answer.alias is None or answer.alias in send.recipient
    )


def settle_accepted(taken: Sequence[Taken]) -> None:
    """Close the deliveries in one transaction; raises, having written nothing, if any has another holder."""
    run_transaction(lambda: _record(taken))
    for channel in {send.channel.pk: send.channel for send, _ in taken}.values():
        pacing.note_success(channel)


def _record(taken: Sequence[Taken]) -> None:
    closed = collection(Delivery).bulk_write([_closed(*one) for one in taken], ordered=False)
    if closed.matched_count != len(taken):
        raise StaleFence("some of the deliveries have another holder")
    insert_rows([
        settle.status_row(send.delivery, f"out:{send.message.pk}:accepted", "accepted", None, answer.external_id)
        for send, answer in taken
    ])  # fmt: skip
    early = _adopted(taken)
    note_traffic("last_outbound_at", {send.channel.pk for send, _ in taken})
    emit(*(event for send, _ in taken for event in _facts(send, early[send.message.pk])))


def _closed(send: Send, answer: Accepted) -> UpdateOne:
    mine = {**owner(), "_id": ObjectId(send.delivery.pk), "fence": send.delivery.fence,
            "state": Delivery.LEASED}  # fmt: skip
    fields = {**settle.ended(send.delivery, "accepted", None, ""), **done_fields(),
              "outcome": "accepted", "external_id": answer.external_id}  # fmt: skip
    return UpdateOne(mine, {"$set": fields})


def _adopted(taken: Sequence[Taken]) -> dict[str, list[MessageUpdate]]:
    """Statuses and reactions that overtook us, by message; they are joined to it now."""
    ours = {(send.channel.pk, answer.external_id): send.message.pk for send, answer in taken}
    waiting = find_rows(MessageUpdate, {
        "channel_id": {"$in": [ObjectId(id_) for id_ in {channel for channel, _ in ours}]},
        "external_id": {"$in": [external for _, external in ours]},
        "message_id": "",
    })  # fmt: skip
    early: dict[str, list[MessageUpdate]] = defaultdict(list)
    for row in waiting:
        if found := ours.get((row.channel_id, row.external_id)):
            early[found].append(row)
    if early:
        collection(MessageUpdate).bulk_write([
            UpdateOne({**owner(), "_id": ObjectId(row.pk)}, {"$set": {"message_id": message_id}})
            for message_id, rows in early.items() for row in rows
        ])  # fmt: skip
    return early


def _facts(send: Send, early: Sequence[MessageUpdate]) -> list[Event]:
    facts: list[Event] = []
    status = "accepted"
    for row in early:
        if row.kind == MessageUpdate.REACTION:
            facts.append(reacted(row, send.message))
        else:
            status = higher(row.status, status)
    changed = MessageStatusChanged(message_id=send.message.pk, status=status,
                                   conversation_id=send.message.conversation_id)  # fmt: skip
    return [*facts, changed]
