"""Which app answers a thread at the provider: the newest word counts, by the provider's clock."""

from datetime import datetime

from conversations.events import ConversationHolderChanged
from conversations.models import Conversation
from kernel.events import emit
from kernel.mongo.doors import ObjectId, collection, owner

ANOTHER = "another_app"
"""The holder whose name nobody told."""


def note_holder(
    conversation: Conversation, *, held_by: str, at: datetime | None, action: str
) -> None:
    """Note who holds the thread (empty: our app) unless something newer is known; in the caller's transaction."""
    known = conversation.held_at
    if known is not None and (at is None or at <= known):
        return
    if held_by == ANOTHER and conversation.held_by:
        held_by = conversation.held_by  # named before
    changed = held_by != conversation.held_by
    conversation.held_by, conversation.held_at = held_by[:64], at
    collection(Conversation).update_one(
        {**owner(), "_id": ObjectId(conversation.pk)},
        {"$set": {"held_by": conversation.held_by, "held_at": at}},
    )
    if changed:
        emit(ConversationHolderChanged(conversation_id=conversation.pk, action=action,
                                       held_by=conversation.held_by))  # fmt: skip
