"""Reads of messages, with what became of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from conversations.selectors import get_conversation, is_visible
from kernel.clock import now
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.ids import first_id_at
from kernel.mongo.rows import find_one, find_rows
from messaging.errors import MediaNotFound, MessageNotFound
from messaging.models import Attachment, Delivery, Message, MessageUpdate
from messaging.status import State, first_status, join
from messaging.wording import Words, words_of
from tenants.access import require
from tenants.needs import READ_CONVERSATIONS


@dataclass(frozen=True)
class Shown:
    """A message with its joined state, what it says now, and its files.

    ``external_id`` is the provider's id of one we sent, once known.
    """

    message: Message
    state: State
    words: Words
    attachments: list[Attachment]
    external_id: str = ""


def list_messages(conversation_id: str) -> QuerySet[Message]:
    """The messages of a conversation; ordered by ``-seq`` they are newest first."""
    get_conversation(conversation_id)
    return Message.objects.filter(conversation_id=conversation_id)


def sent_today(most: int) -> int:
    """How many messages were queued since midnight UTC, counted no further than ``most``."""
    midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
    every = [state for state, _ in Delivery.STATES]
    today = {**owner(), "state": {"$in": every}, "_id": {"$gte": first_id_at(midnight)}}
    return int(collection(Delivery).count_documents(today, limit=most)) if most else 0


def get_message(message_id: str) -> Message:
    """One message; raises ``MessageNotFound``, also for one of a conversation that the caller does not see."""
    message = visible_message(message_id)
    if message is None:
        raise MessageNotFound
    return message


def visible_message(message_id: str) -> Message | None:
    """One message that the caller sees, or None."""
    require(READ_CONVERSATIONS)
    message = find_one(Message, {"_id": ObjectId(message_id)})
    return message if message is not None and is_visible(message.conversation_id) else None


def shown(messages: Sequence[Message]) -> list[Shown]:
    """Messages with their states and files: two more reads for a whole page."""
    ids = [message.pk for message in messages]
    updates: dict[str, list[MessageUpdate]] = defaultdict(list)
    for update in find_rows(MessageUpdate, {"message_id": {"$in": ids}}, batch_size=1000):
        updates[update.message_id].append(update)
    files: dict[str, list[Attachment]] = defaultdict(list)
    with_files = [message.pk for message in messages if message.attachment_count]
    if with_files:
        wanted = {"message_id": {"$in": with_files}}
        for file in sorted(find_rows(Attachment, wanted), key=lambda file: file.pk):
            files[file.message_id].append(file)
    return [
        Shown(
            m,
            join(first_status(m), updates[m.pk]),
            words_of(m, updates[m.pk]),
            files[m.pk],
            _external_id(updates[m.pk]),
        )
        for m in messages
    ]


def just_queued(message: Message) -> Shown:
    """``shown`` of a message of ours in the moment of its making."""
    with_files = {"message_id": message.pk}
    files = find_rows(Attachment, with_files) if message.attachment_count else []
    return Shown(message, join(first_status(message), []), words_of(message, []), files)


def _external_id(updates: Sequence[MessageUpdate]) -> str:
    """A status names the provider's id of the message; a reaction, of the one it is for."""
    named = (u.external_id for u in updates if u.kind == MessageUpdate.STATUS and u.external_id)
    return next(named, "")


def updates_of(message_id: str) -> list[MessageUpdate]:
    """All that happened to a message, oldest first."""
    return list(MessageUpdate.objects.filter(message_id=message_id).order_by("id"))


def delivery_of(message_id: str) -> Delivery | None:
    """The delivery of an outbound message, with its attempts."""
    return Delivery.objects.filter(message=message_id).first()


def get_attachment(attachment_id: str) -> Attachment:
    """One file; raises ``MediaNotFound``, also for one of a message that the caller does not see."""
    attachment = visible_attachment(attachment_id)
    if attachment is None:
        raise MediaNotFound
    return attachment


def visible_attachment(attachment_id: str) -> Attachment | None:
    """A file that the caller sees, or None. An upload is seen by everybody who sees conversations."""
    require(READ_CONVERSATIONS)
    attachment = find_one(Attachment, {"_id": ObjectId(attachment_id)})
    of = attachment.message_id if attachment else ""
    return attachment if not of or visible_message(of) else None


def linked_attachment(attachment_id: str) -> Attachment:
    """The file that a signed link names, for its reader; an upload of nobody's message for whoever
    was shown it. Raises ``MediaNotFound``.
    """
    attachment = find_one(Attachment, {"_id": ObjectId(attachment_id)})
    if attachment is None:
        raise MediaNotFound
    return get_attachment(attachment_id) if attachment.message_id else attachment
