"""Reads of conversations; each list is served by an index that starts with the tenant."""

from django.db.models import QuerySet

from conversations.errors import ConversationNotFound
from conversations.models import Conversation
from kernel.mongo.doors import ObjectId
from kernel.mongo.rows import find_one
from tenants.access import require
from tenants.permissions import Permission

ALL = [status for status, _ in Conversation.STATUSES]
ORDER = ("-last_activity_at", "-id")


def list_conversations(
    *,
    status: list[str] | None = None,
    assignee_id: str | None = None,
    unassigned: bool = False,
    channel_id: str | None = None,
    contact_id: str | None = None,
    unread: bool | None = None,
) -> QuerySet[Conversation]:
    """Conversations by last activity. The status is always part of the filter, because the indexes have it."""
    require(Permission.CONVERSATIONS_READ_ALL)
    rows = Conversation.objects.filter(status__in=status or ALL)
    for name, value in (("assignee_id", assignee_id), ("channel_id", channel_id),
                        ("contact_id", contact_id), ("unread", unread)):  # fmt: skip
        if value is not None:
            rows = rows.filter(**{name: value})
    return rows.filter(assignee_id=None) if unassigned else rows


def get_conversation(conversation_id: str) -> Conversation:
    """One conversation; raises ``ConversationNotFound``."""
    require(Permission.CONVERSATIONS_READ_ALL)
    conversation = find_one(Conversation, {"_id": ObjectId(conversation_id)})
    if conversation is None:
        raise ConversationNotFound
    return conversation
