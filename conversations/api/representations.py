"""How a conversation looks in answers."""

from collections.abc import Callable, Iterable
from typing import Any

from config.api.rendering import moment
from conversations.models import Conversation
from tenants.selectors import member_names, team_names

Json = dict[str, Any]


def conversations_json(
    conversations: Iterable[Conversation], window_of: Callable[[Conversation], Json]
) -> list[Json]:
    """Conversations with the names of their assignees and teams: one read for all of each."""
    rows = list(conversations)
    names = member_names({row.assignee_id for row in rows if row.assignee_id})
    names |= team_names({row.team_id for row in rows if row.team_id})
    return [_conversation_json(row, names, window_of(row)) for row in rows]


def _conversation_json(conversation: Conversation, names: dict[str, str], window: Json) -> Json:
    assignee, team = conversation.assignee_id, conversation.team_id
    return {
        "id": conversation.pk,
        "number": conversation.number,
        "status": conversation.status,
        "channel": {"id": conversation.channel_id, "kind": conversation.channel_kind},
        "contact": {"id": conversation.contact_id, "name": conversation.contact_name},
        "assignee": {"id": assignee, "name": names.get(assignee, "")} if assignee else None,
        "team": {"id": team, "name": names.get(team, "")} if team else None,
        "unread_count": conversation.unread_count,
        "waiting_since": moment(conversation.waiting_since),
        "last_message": conversation.last_message,
        "window": window,
        "held_by": conversation.held_by or None,
        "version": conversation.version,
        "created_at": moment(conversation.created_at),
        "last_activity_at": moment(conversation.last_activity_at),
    }
