"""Refusals of the Conversation agent."""

from kernel.errors import Conflict, Invalid, NotFound, PreconditionFailed


class ConversationNotFound(NotFound):
    code = "conversation_not_found"
    title = "There is no such conversation"


class StaleConversation(PreconditionFailed):
    code = "stale_version"
    title = "Someone changed this conversation meanwhile"


class AssigneeUnknown(Invalid):
    code = "assignee_unknown"
    title = "There is no such member to assign to"


class TeamUnknown(Invalid):
    code = "team_unknown"
    title = "There is no such team to give it to"


class AnotherIsOpen(Conflict):
    code = "another_conversation_open"
    title = "This contact has another open conversation on the channel"
