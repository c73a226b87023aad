"""What people do to a conversation: change its status, assign it, read it."""

from typing import Any

from conversations.errors import AnotherIsOpen, AssigneeUnknown, StaleConversation
from conversations.events import ConversationAssigned, ConversationRead, ConversationStatusChanged
from conversations.models import Conversation
from conversations.selectors import get_conversation
from kernel import audit
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, ReturnDocument, UniqueViolation, collection, owner
from kernel.mongo.transactions import run_transaction, transactional
from tenants.access import require
from tenants.models import Membership
from tenants.permissions import Permission


def change_status(*, conversation_id: str, status: str, version: int | None = None) -> Conversation:
    """Open, make pending or close. Opening a second one beside an open one is ``AnotherIsOpen``."""
    require(Permission.CONVERSATIONS_CLOSE)
    try:
        return run_transaction(lambda: _change_status(conversation_id, status, version))
    except UniqueViolation as error:
        raise AnotherIsOpen from error


def _change_status(conversation_id: str, status: str, version: int | None) -> Conversation:
    conversation = _checked(conversation_id, version)
    before = conversation.status
    if status == before:
        return conversation
    closing = status == Conversation.CLOSED
    changed = _write(conversation, {
        "status": status, "active": not closing, "closed_at": now() if closing else None,
        **({"waiting_since": None} if closing else {}),
    })  # fmt: skip
    audit.record("conversation.status_changed", changed, {"status": [before, status]})
    emit(ConversationStatusChanged(conversation_id=changed.pk, status=status, before=before))
    return changed


@transactional
def assign_conversation(
    *, conversation_id: str, assignee_id: str | None, version: int | None = None
) -> Conversation:
    """Give the conversation to a member, or to nobody."""
    require(Permission.CONVERSATIONS_ASSIGN)
    conversation = _checked(conversation_id, version)
    if assignee_id is not None:
        member = Membership.objects.filter(pk=assignee_id, status=Membership.ACTIVE)
        if not member.exists():
            raise AssigneeUnknown(errors=[{"field": "assignee_id", "code": "unknown"}])
    before = conversation.assignee_id
    if before == assignee_id:
        return conversation
    changed = _write(conversation, {"assignee_id": ObjectId(assignee_id) if assignee_id else None})
    audit.record("conversation.assigned", changed, {"assignee": [before, assignee_id]})
    emit(ConversationAssigned(conversation_id=changed.pk, assignee_id=assignee_id, before=before))
    return changed


@transactional
def mark_read(*, conversation_id: str) -> Conversation:
    """The team has seen it: nothing is unread."""
    require(Permission.CONVERSATIONS_READ_ALL)
    conversation = get_conversation(conversation_id)
    if not conversation.unread_count:
        return conversation
    fields = {"unread": False, "unread_count": 0}
    collection(Conversation).update_one(
        {**owner(), "_id": ObjectId(conversation.pk)}, {"$set": fields}
    )
    emit(ConversationRead(conversation_id=conversation.pk))
    return get_conversation(conversation_id)


def _checked(conversation_id: str, version: int | None) -> Conversation:
    conversation = get_conversation(conversation_id)
    if version is not None and version != conversation.version:
        raise StaleConversation(
            f"it is at version {conversation.version}", version=conversation.version
        )
    return conversation


def _write(conversation: Conversation, fields: dict[str, Any]) -> Conversation:
    """Compare-and-set on the version that was read; the loser of a race is told, not overwritten."""
    row = collection(Conversation).find_one_and_update(
        {**owner(), "_id": ObjectId(conversation.pk), "version": conversation.version},
        {"$set": fields, "$inc": {"version": 1}},
        return_document=ReturnDocument.AFTER,
    )
    if row is None:
        raise StaleConversation
    return get_conversation(conversation.pk)
