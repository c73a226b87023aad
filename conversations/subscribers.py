"""Reactions to facts of the apps below."""

from conversations.events import ConversationsLeftMember, ConversationsLeftTeam
from conversations.models import Conversation
from conversations.services.members import leave_member
from conversations.services.teams import leave_team
from crm.events import ContactChanged
from crm.models import Contact
from kernel.events import subscribes
from kernel.models import DomainEvent
from tenants.events import MemberChanged, MemberRemoved, TeamDeleted
from tenants.models import Membership


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


@subscribes(MemberRemoved.type, MemberChanged.type, ConversationsLeftMember.type)
def take_from_gone_member(event: DomainEvent) -> None:
    """What somebody who left, was removed or disabled had to answer waits for anybody again."""
    if event.data.get("is_more", True) and event.data.get("status") != Membership.ACTIVE:
        leave_member(event.data["member_id"])
