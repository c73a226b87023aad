"""A file of a message, or one uploaded to be sent."""

from django.db import models

from channels.models import Channel
from kernel.models.work import WorkItem
from kernel.scoping.fields import TenantForeignKey


class Attachment(WorkItem):
    """Its work is fetching the bytes, each in a lane of its own, so a failure delays nobody.

    ``message_id`` is empty for an upload. ``path`` is set once the bytes are in
    our storage (or about to be); a ``removed`` one's work is
    removing them. ``provider_id`` is the provider's media id, good until
    ``provider_until``. An image has a smaller copy of itself at ``thumbnail_path``.
    """

    PENDING, STORED, FAILED, REMOVED = "pending", "stored", "failed", "removed"

    channel = TenantForeignKey(Channel, models.CASCADE, null=True, related_name="+")
    message_id = models.CharField(max_length=24, blank=True)
    kind = models.CharField(max_length=12)
    media_state = models.CharField(max_length=8, default=PENDING)
    provider_id = models.CharField(max_length=300, blank=True)
    provider_until = models.DateTimeField(null=True)
    source_url = models.TextField(blank=True)
    mime_type = models.CharField(max_length=120, blank=True)
    filename = models.CharField(max_length=240, blank=True)
    size = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    path = models.CharField(max_length=300, blank=True)
    thumbnail_path = models.CharField(max_length=300, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta(WorkItem.Meta):
        abstract = False
        db_table = "attachments"
        indexes = [
            *WorkItem.Meta.indexes,
            models.Index(fields=["tenant", "message_id", "id"], name="attachment_message"),
            models.Index(fields=["tenant", "path"], name="attachment_path"),
        ]
