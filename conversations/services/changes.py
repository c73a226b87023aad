"""What people do to a conversation: change its status, assign it, read it."""

from enum import Enum
from typing import Any

from conversations.errors import AnotherIsOpen, AssigneeUnknown, StaleConversation, TeamUnknown
from conversations.events import (
    ConversationAssigned,
    ConversationRead,
    ConversationStatusChanged,
    ConversationTeamChanged,
)
from conversations.models import Conversation
from conversations.selectors import get_conversation
from conversations.services.members import gone_among, leave_to_all
from kernel import audit
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, ReturnDocument, UniqueViolation, collection, owner
from kernel.mongo.rows import hydrated
from kernel.mongo.transactions import run_transaction, transactional
from tenants.access import require
from tenants.models import Membership, Team
from tenants.needs import READ_CONVERSATIONS
from tenants.permissions import Permission


class Kept(Enum):
    """A value that stays as it is."""

    AS_IT_IS = "as it is"


KEPT = Kept.AS_IT_IS


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
    if before == Conversation.CLOSED and gone_among([changed.assignee_id]):
        leave_to_all(changed)
    return changed


@transactional
def assign_conversation(
    *,
    conversation_id: str,
    assignee_id: str | Kept | None = KEPT,
    team_id: str | Kept | None = KEPT,
    version: int | None = None,
) -> Conversation:
    """Give the conversation to a member, to a team, or to nobody; both at once in one change.

    Whoever gives it away may not see it afterwards.
    """
    require(Permission.CONVERSATIONS_ASSIGN)
    conversation = _checked(conversation_id, version)
    _check_holders(assignee_id, team_id)
    wanted = {"assignee": assignee_id, "team": team_id}
    before = {"assignee": conversation.assignee_id, "team": conversation.team_id}
    changes = {k: v for k, v in wanted.items() if not isinstance(v, Kept) and v != before[k]}
    if not changes:
        return conversation
    fields = {f"{k}_id": ObjectId(v) if v else None for k, v in changes.items()}
    changed = _write(conversation, fields)
    audit.record("conversation.assigned", changed, {k: [before[k], v] for k, v in changes.items()})
    _emit_assigned(changed, changes, before)
    return changed


def _check_holders(assignee_id: str | Kept | None, team_id: str | Kept | None) -> None:
    if isinstance(assignee_id, str):
        member = Membership.objects.filter(pk=assignee_id, status=Membership.ACTIVE)
        if not member.exists():
            raise AssigneeUnknown(errors=[{"field": "assignee_id", "code": "unknown"}])
    if isinstance(team_id, str) and not Team.objects.filter(pk=team_id).exists():
        raise TeamUnknown(errors=[{"field": "team_id", "code": "unknown"}])


def _emit_assigned(
    changed: Conversation, changes: dict[str, str | None], before: dict[str, str | None]
) -> None:
    if "assignee" in changes:
        emit(ConversationAssigned(conversation_id=changed.pk, assignee_id=changes["assignee"],
                                  before=before["assignee"]))  # fmt: skip
    if "team" in changes:
        emit(ConversationTeamChanged(conversation_id=changed.pk, team_id=changes["team"],
                                     before=before["team"]))  # fmt: skip


@transactional
def mark_read(*, conversation_id: str) -> Conversation:
    """The team has seen it: nothing is unread."""
    require(READ_CONVERSATIONS)
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
    return hydrated(Conversation, [row])[0]  # also when it is out of the caller's sight now
