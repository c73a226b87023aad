"""What owners must be told of a channel."""

from django.db import models

from channels.models.channel import Channel
from kernel.models import WorkItem
from kernel.mongo.fields import DocumentField
from kernel.scoping.fields import TenantForeignKey


class ChannelAlert(WorkItem):
    """One alert, raised once: ``key`` names its occasion within the channel.

    ``topic`` is ``broken`` or ``token_ends``; ``told`` lists the members whose mail has left.
    """

    channel = TenantForeignKey(Channel, models.CASCADE, related_name="+")
    key = models.CharField(max_length=80)
    topic = models.CharField(max_length=20)
    sentence = models.CharField(max_length=500)
    told = DocumentField(default=list, blank=True)

    class Meta(WorkItem.Meta):
        db_table = "channel_alerts"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "channel", "key"], name="alert_once")
        ]
