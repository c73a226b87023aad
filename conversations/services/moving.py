"""Conversations of a contact who turned out to be the same person as another."""

from datetime import datetime

from conversations.events import ConversationMoved, ConversationStatusChanged
from conversations.models import Conversation
from crm.models import Contact
from kernel import audit
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.rows import find_rows


def move_conversations(gone: Contact, kept: Contact) -> None:
    """Give all conversations of ``gone`` to ``kept``; in the caller's transaction.

    Where both have an active one on a channel, the one with the later activity goes on and
    the other is closed as it is, unread if it was; whoever waited in it waits on in the first.
    """
    moved = find_rows(Conversation, {"contact_id": ObjectId(gone.pk)})
    if not moved:
        return
    active = {row.channel_id: row for row in moved if row.active}
    theirs = find_rows(Conversation, {"contact_id": ObjectId(kept.pk), "active": True})
    for row in theirs:
        if other := active.get(row.channel_id):
            _close_one(row, other)
    collection(Conversation).update_many(
        {**owner(), "contact_id": ObjectId(gone.pk)},
        {"$set": {"contact_id": ObjectId(kept.pk), "contact_name": str(kept)},
         "$inc": {"version": 1}},
    )  # fmt: skip
    for row in moved:
        audit.record("conversation.moved", row, {"contact": [gone.pk, kept.pk]})
    emit(*(ConversationMoved(conversation_id=row.pk, contact_id=kept.pk, before=gone.pk)
           for row in moved))  # fmt: skip


def _close_one(one: Conversation, other: Conversation) -> None:
    """A contact has one active conversation on a channel: the one with the earlier activity ends."""
    earlier, later = sorted((one, other), key=lambda row: (row.last_activity_at, row.pk))
    at = now()
    _set(earlier, status=Conversation.CLOSED, active=False, closed_at=at, waiting_since=None)
    if earlier.waiting_since:
        since = min(earlier.waiting_since, later.waiting_since or earlier.waiting_since)
        _set(later, waiting_since=since)
    audit.record("conversation.status_changed", earlier,
                 {"status": [earlier.status, Conversation.CLOSED]}, reason="merged")  # fmt: skip
    emit(ConversationStatusChanged(conversation_id=earlier.pk, status=Conversation.CLOSED,
                                   before=earlier.status))  # fmt: skip


def _set(row: Conversation, **fields: str | bool | datetime | None) -> None:
    where = {**owner(), "_id": ObjectId(row.pk)}
    collection(Conversation).update_one(where, {"$set": fields, "$inc": {"version": 1}})
