"""What a message says now: its own words, the last edit's, or nothing once its author took it back.

Like the status, it is joined when it is read: no order, repetition or gap of what arrives
changes what it comes to.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kernel.clock import iso
from messaging.models import Message, MessageUpdate

# The phases after which nothing follows, whatever the clocks say.
ENDS = frozenset({"terminate", "terminated", "rejected", "reject", "missed", "failed", "completed",
                  "ended", "canceled", "cancelled", "timeout", "no_answer"})  # fmt: skip
FIRST = ("ringing", "connect", "accepted", "accept")


@dataclass
class Words:
    """``edits`` are the older wordings, ``{"text", "at"}``, the first one first."""

    text: str
    content: dict[str, Any]
    direction: str
    edits: list[dict[str, Any]] = field(default_factory=list)
    revoked_at: datetime | None = None


def words_of(message: Message, updates: Iterable[MessageUpdate]) -> Words:
    """Fold what happened to a message into what it says; ``updates`` come in any order."""
    said = Words(message.text, message.content, message.direction)
    updates = list(updates)
    revoked = [u for u in updates if u.kind == MessageUpdate.REVOKE]
    if revoked:
        said.text, said.content = "", {}
        said.revoked_at = min(_at(update) for update in revoked)
        return said
    at = message.provider_at or message.created_at
    for edit in sorted((u for u in updates if is_edit(u)), key=_edit_order):
        said.edits.append({"text": said.text, "at": at})
        said.text, at = edit.text, _at(edit)
        said.content = {**said.content, **(edit.detail or {}).get("content", {})}
    for row in sorted((u for u in updates if u.kind == MessageUpdate.MODERATED), key=_made):
        said.content = {**said.content, **(row.detail or {})}
    phases = sorted((u for u in updates if u.kind == MessageUpdate.CALL), key=_phase_order)
    if phases:
        said.content = _call(phases)
        said.direction = next((d for u in phases if (d := u.detail["direction"])), said.direction)
    return said


def is_edit(update: MessageUpdate) -> bool:
    """An edit numbered 0 is none: some providers send it for a message that is new."""
    return update.kind == MessageUpdate.EDIT and (update.detail or {}).get("number") != 0


def _at(update: MessageUpdate) -> datetime:
    return update.provider_at or update.created_at


def _made(update: MessageUpdate) -> str:
    return update.pk


def _edit_order(update: MessageUpdate) -> tuple[int, datetime, str]:
    return (update.detail or {}).get("number") or 0, _at(update), update.pk


def _phase_order(update: MessageUpdate) -> tuple[bool, datetime, int, str]:
    phase = str(update.detail["phase"]).lower()
    return phase in ENDS, _at(update), FIRST.index(phase) if phase in FIRST else len(FIRST), phase


def _call(phases: list[MessageUpdate]) -> dict[str, Any]:
    """The call as its last phase left it; what only an earlier one said stays."""
    detail: dict[str, Any] = {}
    for update in phases:
        detail |= update.detail["detail"]
    lengths = [u.detail["duration_s"] for u in phases if u.detail["duration_s"] is not None]
    return {
        "phase": phases[-1].detail["phase"],
        "phases": [{"phase": u.detail["phase"], "at": iso(_at(u))} for u in phases],
        "duration_s": max(lengths, default=None),
        "detail": detail,
    }
