"""Message templates as the provider has them."""

from django.db import models

from channels.models.channel import Channel
from kernel.clock import now
from kernel.mongo.fields import DocumentField
from kernel.scoping.fields import TenantForeignKey
from kernel.scoping.models import TenantModel


class MessageTemplate(TenantModel):
    """One template in one language; ``components`` and ``parameter_format`` in the provider's form.

    ``reason`` says why it has its status, ``paused_until`` when a pause ends by itself;
    ``history`` lists its last changes, oldest first: ``{"what", "value", "previous", "reason",
    "at", "by"}``. What the provider no longer has stays, with the status ``DELETED``.
    """

    NEVER_SENT = ("DISABLED", "REJECTED", "DELETED", "PENDING_DELETION", "ARCHIVED")

    channel = TenantForeignKey(Channel, models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=512)
    language = models.CharField(max_length=20)
    category = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=24)
    quality = models.CharField(max_length=24, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    parameter_format = models.CharField(max_length=12, default="POSITIONAL")
    components = DocumentField(default=list)
    history = DocumentField(default=list, blank=True)
    synced_at = models.DateTimeField(default=now)

    class Meta(TenantModel.Meta):
        db_table = "message_templates"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "channel", "name", "language"], name="template_once"
            )
        ]

    @property
    def is_sendable(self) -> bool:
        """Whether a send may be tried; a pause that should be over is the provider's to judge."""
        if self.status == "PAUSED":
            return self.paused_until is not None and self.paused_until <= now()
        return self.status not in self.NEVER_SENT
