"""The customer has read everything up to a message: one word that stands for many statuses."""

from collections import defaultdict
from collections.abc import Sequence

from conversations.models import Conversation
from kernel.events import emit
from kernel.mongo.doors import ObjectId, UpdateOne, collection, owner
from kernel.mongo.rows import find_rows, insert_rows
from messaging.events import MessageStatusChanged
from messaging.ingest.targets import Target
from messaging.models import Message, MessageUpdate
from messaging.status import first_status, join

Joined = tuple[MessageUpdate, Target]
FARTHEST = 1000
ARRIVED = frozenset({"accepted", "sent", "delivered"})


def read_up_to(joined: Sequence[Joined]) -> None:
    """Mark what the business wrote, up to each message, as read; each conversation once.

    Looks only at what came after the last such mark, and at most at ``FARTHEST`` messages. What
    has failed or is not known to have left is not read.
    """
    if not joined:
        return
    ids = [ObjectId(target[0]) for _, target in joined]
    marks = {message.pk: message for message in find_rows(Message, {"_id": {"$in": ids}})}
    talks: dict[str, tuple[int, MessageUpdate]] = {}
    for row, (message_id, talk) in joined:
        seq = marks[message_id].seq
        if seq > talks.get(talk, (0, row))[0]:
            talks[talk] = (seq, row)
    conversations = find_rows(Conversation, {"_id": {"$in": [ObjectId(talk) for talk in talks]}})
    for conversation in conversations:
        seq, row = talks[conversation.pk]
        if seq > conversation.read_seq:
            _mark(conversation, seq, row)
    collection(Conversation).bulk_write([
        UpdateOne({**owner(), "_id": ObjectId(talk)}, {"$max": {"read_seq": seq}})
        for talk, (seq, _) in talks.items()
    ])  # fmt: skip


def _mark(conversation: Conversation, seq: int, row: MessageUpdate) -> None:
    since = max(conversation.read_seq, seq - FARTHEST)
    ours = find_rows(Message, {
        "conversation_id": ObjectId(conversation.pk), "seq": {"$gt": since, "$lte": seq},
        "direction": Message.OUTBOUND,
    })  # fmt: skip
    updates: dict[str, list[MessageUpdate]] = defaultdict(list)
    for update in find_rows(MessageUpdate, {"message_id": {"$in": [m.pk for m in ours]}}):
        updates[update.message_id].append(update)
    unread = [m for m in ours if join(first_status(m), updates[m.pk]).status in ARRIVED]
    insert_rows([
        MessageUpdate(channel_id=row.channel_id, message_id=m.pk, key=f"rd:{m.pk}",
                      kind=MessageUpdate.STATUS, status="read", provider_at=row.provider_at)
        for m in unread
    ])  # fmt: skip
    emit(*(MessageStatusChanged(message_id=m.pk, conversation_id=conversation.pk, status="read")
           for m in unread))  # fmt: skip
