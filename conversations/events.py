"""Facts of the Conversation agent."""

from dataclasses import dataclass

from kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class ConversationCreated(Event):
    type = "conversation.created"
    conversation_id: str
    number: int
    contact_id: str
    channel_id: str


@dataclass(frozen=True, kw_only=True)
class ConversationReopened(Event):
    type = "conversation.reopened"
    conversation_id: str


@dataclass(frozen=True, kw_only=True)
class ConversationStatusChanged(Event):
    type = "conversation.status_changed"
    conversation_id: str
    status: str
    before: str


@dataclass(frozen=True, kw_only=True)
class ConversationAssigned(Event):
    type = "conversation.assigned"
    conversation_id: str
    assignee_id: str | None
    before: str | None


@dataclass(frozen=True, kw_only=True)
class ConversationTeamChanged(Event):
    """A team has it now, or (``team_id`` null) none."""

    type = "conversation.team_changed"
    conversation_id: str
    team_id: str | None
    before: str | None


@dataclass(frozen=True, kw_only=True)
class ConversationsLeftTeam(Event):
    """A deleted team has ``count`` conversations less; with ``is_more`` there may be others."""

    type = "conversations.left_team"
    team_id: str
    count: int
    is_more: bool


@dataclass(frozen=True, kw_only=True)
class ConversationsLeftMember(Event):
    """Somebody who is no member any more has ``count`` open ones less; with ``is_more`` there may be others."""

    type = "conversations.left_member"
    member_id: str
    count: int
    is_more: bool


@dataclass(frozen=True, kw_only=True)
class ConversationRead(Event):
    type = "conversation.read"
    conversation_id: str


@dataclass(frozen=True, kw_only=True)
class ConversationMoved(Event):
    """Its contact turned out to be the same person as another, whose it is now."""

    type = "conversation.moved"
    conversation_id: str
    contact_id: str
    before: str


@dataclass(frozen=True, kw_only=True)
class ConversationHolderChanged(Event):
    """Another app answers the thread at the provider, or (``held_by`` empty) ours does again.

    ``action`` is pass, take or request, or standby when a message told of it.
    """

    type = "conversation.holder_changed"
    conversation_id: str
    held_by: str
    action: str
