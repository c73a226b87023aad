"""Reactions to facts of the apps below."""

from conversations.models import Conversation
from crm.events import ContactChanged
from crm.models import Contact
from kernel.events import subscribes
from kernel.models import DomainEvent
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.transactions import outside_transaction
from tenants.events import TeamDeleted


@subscribes(ContactChanged.type)
def show_new_name(event: DomainEvent) -> None:
    """A conversation keeps its contact's name beside it; a changed name is copied there."""
    contact = Contact.objects.filter(pk=event.data["contact_id"]).first()
    if contact is not None:
        statuses = [status for status, _ in Conversation.STATUSES]
        mine = Conversation.objects.filter(contact=contact, status__in=statuses)
        mine.update(contact_name=str(contact))


@subscribes(TeamDeleted.type)
def leave_deleted_team(event: DomainEvent) -> None:
    """What a deleted team had belongs to none: whoever sees the unassigned sees it.

    One command beside the transaction, because a team may have any number of conversations; run
    again it finds none.
    """
    mine = {**owner(), "team_id": ObjectId(event.data["team_id"])}
    change = {"$set": {"team_id": None}, "$inc": {"version": 1}}
    with outside_transaction():
        collection(Conversation).update_many(mine, change)
