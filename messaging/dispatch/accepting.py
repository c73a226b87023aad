"""Recording that a provider took several messages: what ``settle.accepted`` writes for one, in bulk."""

from collections import defaultdict
from collections.abc import Sequence

from channels.providers.contract import Accepted
from channels.services.traffic import note_traffic
from kernel.events import emit
from kernel.mongo.doors import ObjectId, UpdateOne, collection, owner
from kernel.mongo.rows import insert_rows
from kernel.mongo.transactions import run_transaction
from kernel.work import StaleFence
from kernel.work.items import done_fields
from messaging.dispatch import pacing, settle
from messaging.dispatch.heads import Send
from messaging.events import MessageStatusChanged
from messaging.ingest.echoes import waits_for
from messaging.ingest.effects import take_effect
from messaging.ingest.targets import External
from messaging.ingest.updates import adopt_orphans
from messaging.models import Delivery, MessageUpdate
from messaging.status import higher

Taken = tuple[Send, Accepted]


def is_simple(send: Send, answer: Accepted) -> bool:
    """Whether nothing but the send itself is to be recorded: no reaction, no name that was not known."""
    return (
        not answer.parts
        and send.message.type != "reaction"
        and (answer.alias is None or answer.alias in send.recipient)
    )


def settle_accepted(taken: Sequence[Taken]) -> list[Taken]:
    """Close the deliveries in one transaction; raises, having written nothing, if any has another holder.

    Returns those that were closed. Those that were answered with another one's id are left alone.
    """
    closed = run_transaction(lambda: _record(taken))
    for channel in {send.channel.pk: send.channel for send, _ in taken}.values():
        pacing.note_success(channel)
        told = [answer.usage for send, answer in taken if send.channel.pk == channel.pk]
        pacing.note_usage(channel, told[-1])
    return closed


def _record(answered: Sequence[Taken]) -> list[Taken]:
    taken = _believed(answered)
    if not taken:
        return []
    closed = collection(Delivery).bulk_write([_closed(*one) for one in taken], ordered=False)
    if closed.matched_count != len(taken):
        raise StaleFence("some of the deliveries have another holder")
    insert_rows([
        settle.status_row(send.delivery, f"out:{send.message.pk}:accepted", "accepted", None, answer.external_id)
        for send, answer in taken
    ])  # fmt: skip
    early = _adopted(taken)
    note_traffic("last_outbound_at", {send.channel.pk for send, _ in taken})
    emit(*(_fact(send, early[send.message.pk]) for send, _ in taken))
    return taken


def _believed(taken: Sequence[Taken]) -> list[Taken]:
    """Those whose id is no other delivery's; of several with one id the first."""
    first: dict[External, Taken] = {}
    for one in taken:
        first.setdefault((one[0].channel.pk, one[1].external_id), one)
    doubted = settle.anothers({at: send.delivery.pk for at, (send, _) in first.items()})
    return [one for at, one in first.items() if at not in doubted]


def _closed(send: Send, answer: Accepted) -> UpdateOne:
    mine = {**owner(), "_id": ObjectId(send.delivery.pk), "fence": send.delivery.fence,
            "state": Delivery.LEASED}  # fmt: skip
    fields = {**settle.ended(send.delivery, "accepted", None, ""), **done_fields(),
              "outcome": "accepted", "external_id": answer.external_id, "has_echo": False}  # fmt: skip
    return UpdateOne(mine, {"$set": fields})


def _adopted(taken: Sequence[Taken]) -> dict[str, list[MessageUpdate]]:
    """Statuses that overtook us, by message; what else did is joined to it too and takes effect now."""
    talk = {(send.channel.pk, waits_for(send.message.conversation_id)): send for send, _ in taken}
    joined, waiting = adopt_orphans({
        (send.channel.pk, answer.external_id): (send.message.pk, send.message.conversation_id)
        for send, answer in taken
    }, beside=talk)  # fmt: skip
    take_effect([one for one in joined if one[0].kind != MessageUpdate.STATUS])
    settle.look_at_echoes([talk[at].delivery for at in waiting])
    early: dict[str, list[MessageUpdate]] = defaultdict(list)
    for row, (message_id, _) in joined:
        if row.kind == MessageUpdate.STATUS:
            early[message_id].append(row)
    return early


def _fact(send: Send, early: Sequence[MessageUpdate]) -> MessageStatusChanged:
    status = "accepted"
    for row in early:
        status = higher(row.status, status)
    return MessageStatusChanged(message_id=send.message.pk, status=status,
                                conversation_id=send.message.conversation_id)  # fmt: skip
