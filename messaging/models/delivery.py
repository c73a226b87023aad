"""A message on its way out."""

from django.db import models

from channels.models import Channel
from conversations.models import Conversation
from kernel.models.work import WorkItem
from kernel.mongo.fields import DocumentField
from kernel.scoping.fields import TenantForeignKey
from messaging.models.message import Message


class Delivery(WorkItem):
    """The work of sending one message; its lane is the conversation.

    ``tries`` lists the attempts, each written before its socket opened:
    ``{"n", "at", "fence", "outcome", "code", "detail", "ended_at"}``. One
    without an outcome when the item is taken up again means that a worker died
    in the middle of it: the result is unknown. ``has_echo``: what the business
    wrote meanwhile waits for the end of this attempt, because it may be this message.
    ``priority``: an answer to somebody goes before what is sent to many.
    """

    REPLY, BULK = "reply", "bulk"

    message = TenantForeignKey(Message, models.CASCADE, related_name="+")
    conversation = TenantForeignKey(Conversation, models.CASCADE, related_name="+")
    channel = TenantForeignKey(Channel, models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=300, blank=True)
    outcome = models.CharField(max_length=12, default="queued")
    tries = DocumentField(default=list)
    not_after = models.DateTimeField(null=True)
    has_echo = models.BooleanField(default=False)
    priority = models.CharField(max_length=8, choices=[(REPLY, REPLY), (BULK, BULK)], default=REPLY)

    class Meta(WorkItem.Meta):
        abstract = False
        db_table = "deliveries"
        constraints = [models.UniqueConstraint(fields=["tenant", "message"], name="delivery_once")]
        indexes = [
            *WorkItem.Meta.indexes,
            models.Index(fields=["tenant", "channel", "external_id"], name="delivery_external"),
            models.Index(fields=["tenant", "conversation"], condition=models.Q(outcome="unknown"),
                         name="delivery_unknown"),
        ]  # fmt: skip


class DeliveryCheck(WorkItem):
    """A look, some time later, at a send whose outcome is unknown.

    In a lane that begins with ``ECHO``: at what the business wrote while that send was under way.
    """

    ECHO = "echo"

    delivery = TenantForeignKey(Delivery, models.CASCADE, related_name="+")

    class Meta(WorkItem.Meta):
        abstract = False
        db_table = "delivery_checks"


class ReadReceipt(WorkItem):
    """Showing the customer that we read, or that we type; best effort, in the order of the conversation."""

    channel = TenantForeignKey(Channel, models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=300)
    typing = models.BooleanField(default=False)

    class Meta(WorkItem.Meta):
        abstract = False
        db_table = "read_receipts"
