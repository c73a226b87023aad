"""Reading a conversation: the team has seen it, and the customer is told so."""

from conversations.models import Conversation
from conversations.services.changes import mark_read
from messaging.dispatch.receipts import show_read
from tenants.access import require
from tenants.needs import READ_CONVERSATIONS
from tenants.permissions import Permission


def read_conversation(conversation_id: str, *, typing: bool = False) -> Conversation:
    """Nothing is unread; who may send messages also shows the customer that it was read.

    ``typing`` shows that somebody writes an answer, which needs ``messages:send``.
    """
    principal = require(READ_CONVERSATIONS)
    if typing:
        require(Permission.MESSAGES_SEND)
    conversation = mark_read(conversation_id=conversation_id)
    if Permission.MESSAGES_SEND in principal.permissions:
        show_read(conversation=conversation, typing=typing)
    return conversation
