"""The last words of a conversation, as its list shows them."""

from collections import defaultdict

from conversations.models import Conversation
from kernel.mongo.doors import ObjectId, UpdateOne, collection, owner
from kernel.mongo.rows import find_rows
from messaging.models import Message, MessageUpdate
from messaging.summary import preview_of
from messaging.wording import words_of


def renew_summaries(talks: dict[str, str]) -> None:
    """``talks``: message id → conversation id. The list shows the new words of a last message."""
    messages = find_rows(Message, {"_id": {"$in": [ObjectId(id_) for id_ in talks]}})
    updates: dict[str, list[MessageUpdate]] = defaultdict(list)
    for update in find_rows(MessageUpdate, {"message_id": {"$in": list(talks)}}):
        updates[update.message_id].append(update)
    set_previews({
        (message.conversation_id, message.pk):
            preview_of(message.type, words_of(message, updates[message.pk]).text)
        for message in messages
    })  # fmt: skip


def set_previews(previews: dict[tuple[str, str], str]) -> None:
    collection(Conversation).bulk_write([
        UpdateOne({**owner(), "_id": ObjectId(talk), "last_message.id": id_},
                  {"$set": {"last_message.preview": preview}})
        for (talk, id_), preview in previews.items()
    ])  # fmt: skip
