"""Reactions to facts of the apps below."""

from conversations.models import Conversation
from crm.events import ContactChanged
from crm.models import Contact
from kernel.events import subscribes
from kernel.models import DomainEvent


@subscribes(ContactChanged.type)
def show_new_name(event: DomainEvent) -> None:
    """A conversation keeps its contact's name beside it; a changed name is copied there."""
    contact = Contact.objects.filter(pk=event.data["contact_id"]).first()
    if contact is not None:
        statuses = [status for status, _ in Conversation.STATUSES]
        mine = Conversation.objects.filter(contact=contact, status__in=statuses)
        mine.update(contact_name=str(contact))
