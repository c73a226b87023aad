"""The delivery state as a lattice join: duplicates, gaps and disorder cannot hurt it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from messaging.models import Message, MessageUpdate

RANK = {"queued": 0, "unknown": 1, "accepted": 2, "sent": 3, "failed": 4, "delivered": 5, "read": 6,
        "played": 7}  # fmt: skip


@dataclass
class State:
    """What became of a message so far. ``reactions`` are the ones that stand, one for each actor."""

    status: str = "queued"
    status_at: datetime | None = None
    error: dict[str, Any] | None = None
    reactions: list[dict[str, Any]] = field(default_factory=list)


# Entries of the timeline that are not delivered.
UNDELIVERED = frozenset({"call", "system"})


def first_status(message: Message) -> str:
    """What a message is before anything happens to it; empty for what is not delivered at all."""
    if message.type in UNDELIVERED:
        return ""
    if message.direction == Message.INBOUND:
        return "received"
    return "sent" if message.sender_kind == "elsewhere" else "queued"


def higher(a: str, b: str) -> str:
    """The later of two states; ``failed`` only below ``delivered``, because what arrived has arrived."""
    return a if RANK.get(a, -1) >= RANK.get(b, -1) else b


def join(first: str, updates: Iterable[MessageUpdate]) -> State:
    """Fold updates, in any order, into the state of a message that began as ``first``."""
    state = State(status=first)
    reactions: dict[tuple[str, str], MessageUpdate] = {}
    for update in updates:
        if update.kind == MessageUpdate.REACTION:
            _react(reactions, update)
        elif update.kind != MessageUpdate.STATUS or update.status not in RANK:
            continue
        elif update.status != state.status and higher(update.status, state.status) == update.status:
            state.status, state.status_at = update.status, update.provider_at or update.created_at
            state.error = update.error
    if state.status != "failed":
        state.error = None
    state.reactions = [
        {"emoji": u.emoji, "actor": {"kind": u.actor_kind, "id": u.actor_id}}
        for u in reactions.values()
        if u.emoji
    ]
    return state


def _react(reactions: dict[tuple[str, str], MessageUpdate], update: MessageUpdate) -> None:
    """A newer reaction of the same actor replaces the older one."""
    actor = (update.actor_kind, update.actor_id)
    known = reactions.get(actor)
    if known is None or (known.provider_at or known.created_at, known.pk) <= (
        update.provider_at or update.created_at,
        update.pk,
    ):
        reactions[actor] = update
