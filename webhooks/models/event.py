"""One item of a delivery, routed to its tenant."""

from django.db import models

from channels.models import Channel
from kernel.models.work import WorkItem
from kernel.mongo.fields import DocumentField
from kernel.scoping.fields import TenantForeignKey


class WebhookEvent(WorkItem):
    """The work of applying one item; its lane is one of the tenant's slots.

    ``event_key`` is the item's natural key in its channel, so that a
    redelivery, however late, finds it here. ``address_kind`` is what it was
    routed by: one that several channels share speaks of all of them.
    """

    channel = TenantForeignKey(Channel, models.CASCADE, related_name="+")
    event_key = models.CharField(max_length=400)
    delivery_id = models.CharField(max_length=24)
    position = models.IntegerField()
    field = models.CharField(max_length=60)
    address_kind = models.CharField(max_length=30, blank=True)
    body = DocumentField()
    received_at = models.DateTimeField()

    class Meta(WorkItem.Meta):
        abstract = False
        db_table = "webhook_events"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "channel", "event_key"], name="inbound_once")
        ]
