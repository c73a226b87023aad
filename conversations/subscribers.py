"""Reactions to facts of the apps below."""

from conversations.events import ConversationsLeftTeam
from conversations.models import Conversation
from conversations.services.teams import leave_team
from crm.events import ContactChanged
from crm.models import Contact
from kernel.events import subscribes
from kernel.models import DomainEvent
from tenants.events import TeamDeleted


@subscribes(ContactChanged.type)
def show_new_name(event: DomainEvent) -> None:
    """A conversation keeps its contact's name beside it; a changed name is copied there."""
    contact = Contact.objects.filter(pk=event.data["contact_id"]).first()
    if contact is not None:
        statuses = [status for status, _ in Conversation.STATUSES]
        mine = Conversation.objects.filter(contact=contact, status__in=statuses)
        mine.update(contact_name=str(contact))


@subscribes(TeamDeleted.type, ConversationsLeftTeam.type)
def empty_deleted_team(event: DomainEvent) -> None:
    """Its conversations go back to all, so many at once as fit into a transaction."""
    if event.data.get("is_more", True):
        leave_team(event.data["team_id"])
