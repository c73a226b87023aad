"""Reads of conversations; each list is served by an index that starts with the tenant.

Everybody gets only what they may see (``conversations/visibility.py``); what they may not is as
unknown to them as what does not exist.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from conversations.errors import ConversationNotFound
from conversations.models import Conversation
from conversations.visibility import NOBODY, Among, Part, sees, sees_everything, visible_parts
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.merged import Merged, hinted
from kernel.mongo.rows import find_one
from tenants.access import current_principal, require
from tenants.needs import READ_CONVERSATIONS

ALL = [status for status, _ in Conversation.STATUSES]
ORDER = ("-last_activity_at", "-id")


@dataclass(frozen=True)
class Standing:
    """What decides who sees a conversation."""

    channel_id: str
    team_id: str | None
    assignee_id: str | None


def list_conversations(
    *,
    status: list[str] | None = None,
    assignee_id: str | None = None,
    unassigned: bool = False,
    team_ids: Collection[str] | None = None,
    teamless: bool = False,
    channel_id: str | None = None,
    contact_id: str | None = None,
    unread: bool | None = None,
) -> QuerySet[Conversation] | Merged[Conversation]:
    """Those the caller sees, by last activity. The status is always part of the filter, because the indexes have it.

    ``team_ids``: of any of these teams; none at all if empty.
    """
    principal = require(READ_CONVERSATIONS)
    assignees = NOBODY if unassigned else _ids({assignee_id} if assignee_id else None)
    parts = visible_parts(principal, Part(assignees, NOBODY if teamless else _ids(team_ids)))
    channel_ids = _both_channels(principal.channel_ids, channel_id)
    if not parts or channel_ids == ():
        return Conversation.objects.none()
    rows = Conversation.objects.filter(status__in=status or ALL)
    others = {"contact_id": contact_id, "unread": unread}
    others = {name: value for name, value in others.items() if value is not None}
    if not others and channel_ids is None and not sees_everything(principal):
        return Merged([hinted(rows.filter(_is(part)), part.index) for part in parts])
    if channel_ids is not None:
        rows = rows.filter(_among("channel_id", frozenset(channel_ids)))
    return rows.filter(_any(parts), **others)


def _ids(ids: Collection[str] | None) -> Among | None:
    return None if ids is None else frozenset(ids)


def _both_channels(kept_to: tuple[str, ...], wanted: str | None) -> tuple[str, ...] | None:
    """The channels to look in: None for all of them, empty when what is wanted is not allowed."""
    if wanted is None:
        return kept_to or None
    return (wanted,) if not kept_to or wanted in kept_to else ()


def _any(parts: list[Part]) -> Q:
    union = Q()
    for part in parts:
        union |= _is(part)
    return union


def _is(part: Part) -> Q:
    return _among("assignee_id", part.assignees) & _among("team_id", part.teams)


def _among(column: str, values: Among | None) -> Q:
    """One value is an equality, which more plans can use."""
    if values is None:
        return Q()
    if len(values) == 1:
        return Q(**{column: next(iter(values))})
    return Q(**{f"{column}__in": sorted(filter(None, values))})


def get_conversation(conversation_id: str) -> Conversation:
    """One conversation; raises ``ConversationNotFound``, also for one that the caller does not see."""
    principal = require(READ_CONVERSATIONS)
    conversation = find_one(Conversation, {"_id": ObjectId(conversation_id)})
    if conversation is None or not sees(principal, conversation):
        raise ConversationNotFound
    return conversation


def is_visible(conversation_id: str) -> bool:
    """Whether the caller sees the conversation that something belongs to."""
    principal = current_principal()
    if sees_everything(principal):
        return True
    standing = standings_of([conversation_id]).get(conversation_id)
    return standing is not None and sees(principal, standing)


def standings_of(conversation_ids: Collection[str]) -> dict[str, Standing]:
    """Where each conversation stands now, whoever asks; one read for all of them."""
    if not conversation_ids:
        return {}
    rows = collection(Conversation).find(
        {**owner(), "_id": {"$in": [ObjectId(id_) for id_ in conversation_ids]}},
        {"channel_id": 1, "team_id": 1, "assignee_id": 1}, batch_size=len(conversation_ids) + 1,
    )  # fmt: skip
    return {
        str(row["_id"]): Standing(
            str(row["channel_id"]), _text(row.get("team_id")), _text(row.get("assignee_id"))
        )
        for row in rows
    }


def _text(id_: ObjectId | None) -> str | None:
    return None if id_ is None else str(id_)
