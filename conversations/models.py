"""Conversations: what one contact and one tenant say to each other on one channel."""

from django.db import models

from channels.models import Channel
from crm.models import Contact
from kernel.clock import now
from kernel.mongo.fields import DocumentField
from kernel.scoping.fields import TenantForeignKey
from kernel.scoping.models import TenantModel
from tenants.models import Membership, Team


class Conversation(TenantModel):
    """The list shows it without a join: names and the last message are kept with it.

    ``active`` is true while it is not closed; a unique index on it gives a
    contact one open conversation for each channel. ``message_count`` numbers
    its messages; the customer has read ours up to the number ``read_seq``.
    ``version`` counts changes that people make, for ``If-Match``. ``held_by`` is
    the app that answers the thread at the provider, empty while that is ours.
    """

    OPEN, PENDING, CLOSED = "open", "pending", "closed"
    STATUSES = [(s, s) for s in (OPEN, PENDING, CLOSED)]

    number = models.BigIntegerField()
    channel = TenantForeignKey(Channel, models.PROTECT, related_name="+")
    channel_kind = models.CharField(max_length=20)
    contact = TenantForeignKey(Contact, models.PROTECT, related_name="+")
    contact_name = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=10, choices=STATUSES, default=OPEN)
    active = models.BooleanField(default=True)
    assignee = TenantForeignKey(
        Membership, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    team = TenantForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="+")
    unread = models.BooleanField(default=False)
    unread_count = models.IntegerField(default=0)
    message_count = models.BigIntegerField(default=0)
    last_message = DocumentField(null=True)
    last_activity_at = models.DateTimeField(default=now)
    last_inbound_at = models.DateTimeField(null=True)
    waiting_since = models.DateTimeField(null=True)
    window_until = models.DateTimeField(null=True)
    read_seq = models.BigIntegerField(default=0)
    held_by = models.CharField(max_length=64, blank=True)
    held_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=now)
    closed_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)

    class Meta(TenantModel.Meta):
        db_table = "conversations"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "channel", "contact"],
                condition=models.Q(active=True),
                name="conversation_one_active",
            ),
            models.UniqueConstraint(fields=["tenant", "number"], name="conversation_number"),
        ]
        indexes = [
            models.Index(fields=["tenant", "status", "-last_activity_at", "-id"], name="list_status"),
            models.Index(fields=["tenant", "assignee", "status", "-last_activity_at", "-id"],
                         name="list_assignee"),
            models.Index(fields=["tenant", "team", "status", "-last_activity_at", "-id"], name="list_team"),
            # What nobody is assigned to and no team has, or one of mine: a part of what some may see.
            models.Index(fields=["tenant", "assignee", "team", "status", "-last_activity_at", "-id"],
                         name="list_assignee_team"),
            models.Index(fields=["tenant", "channel", "status", "-last_activity_at", "-id"],
                         name="list_channel"),
            # A contact has few conversations: sorting them costs less than keeping them in order
            # with every message.
            models.Index(fields=["tenant", "contact", "status"], name="of_contact"),
            models.Index(fields=["tenant", "unread", "status", "-last_activity_at", "-id"],
                         name="list_unread"),
            models.Index(fields=["tenant", "channel", "contact", "closed_at"], name="find_closed"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"#{self.number}"
