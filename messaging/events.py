"""Facts of the Message agent."""

from dataclasses import dataclass

from kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class MessageReceived(Event):
    type = "message.received"
    message_id: str
    conversation_id: str
    channel_id: str
    contact_id: str
    message_type: str
    seq: int


@dataclass(frozen=True, kw_only=True)
class MessageQueued(Event):
    type = "message.queued"
    message_id: str
    conversation_id: str
    channel_id: str
    seq: int


@dataclass(frozen=True, kw_only=True)
class MessageStatusChanged(Event):
    type = "message.status_changed"
    message_id: str
    conversation_id: str
    status: str
    code: int | None = None


@dataclass(frozen=True, kw_only=True)
class MessageReacted(Event):
    type = "message.reacted"
    message_id: str
    conversation_id: str
    emoji: str
    actor_kind: str


@dataclass(frozen=True, kw_only=True)
class MessageOutcomeUnknown(Event):
    type = "message.outcome_unknown"
    message_id: str
    conversation_id: str


@dataclass(frozen=True, kw_only=True)
class AttachmentStored(Event):
    type = "attachment.stored"
    attachment_id: str
    message_id: str


@dataclass(frozen=True, kw_only=True)
class AttachmentFailed(Event):
    type = "attachment.failed"
    attachment_id: str
    message_id: str
    error: str
