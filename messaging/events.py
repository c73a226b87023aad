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
class MessageSentElsewhere(Event):
    """The business wrote with another tool: its phone, the provider's own inbox, another vendor's."""

    type = "message.sent_elsewhere"
    message_id: str
    conversation_id: str
    channel_id: str
    contact_id: str
    message_type: str
    seq: int


@dataclass(frozen=True, kw_only=True)
class MessageNoted(Event):
    """An entry of the timeline that nobody wrote: a call, a change of the customer's number."""

    type = "message.noted"
    message_id: str
    conversation_id: str
    channel_id: str
    contact_id: str
    message_type: str
    seq: int


@dataclass(frozen=True, kw_only=True)
class HistoryAdded(Event):
    """Messages from before the account was connected: ``count`` of them, up to the number ``last_seq``."""

    type = "conversation.history_added"
    conversation_id: str
    channel_id: str
    contact_id: str
    count: int
    last_seq: int


@dataclass(frozen=True, kw_only=True)
class MessageEdited(Event):
    type = "message.edited"
    message_id: str
    conversation_id: str


@dataclass(frozen=True, kw_only=True)
class MessageRevoked(Event):
    """Its author took it back: its words and files are gone."""

    type = "message.revoked"
    message_id: str
    conversation_id: str


@dataclass(frozen=True, kw_only=True)
class CommentModerated(Event):
    """Somebody here ``hidden`` a comment, had it ``shown`` again, or ``deleted`` it (``what``)."""

    type = "comment.moderated"
    message_id: str
    conversation_id: str
    what: str


@dataclass(frozen=True, kw_only=True)
class CallChanged(Event):
    """A call of the timeline went into another phase, in the provider's word."""

    type = "call.changed"
    message_id: str
    conversation_id: str
    phase: str


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
