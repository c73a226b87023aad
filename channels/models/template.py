"""Message templates as the provider has them."""

from django.db import models

from channels.models.channel import Channel
from kernel.clock import now
from kernel.mongo.fields import DocumentField
from kernel.scoping.fields import TenantForeignKey
from kernel.scoping.models import TenantModel


class MessageTemplate(TenantModel):
    """One template in one language; ``components`` and ``parameter_format`` in the provider's form."""

    channel = TenantForeignKey(Channel, models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=512)
    language = models.CharField(max_length=20)
    category = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=24)
    parameter_format = models.CharField(max_length=12, default="POSITIONAL")
    components = DocumentField(default=list)
    synced_at = models.DateTimeField(default=now)

    class Meta(TenantModel.Meta):
        db_table = "message_templates"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "channel", "name", "language"], name="template_once"
            )
        ]
