"""An archive of a tenant, or of one contact, being written or ready to be fetched."""

from django.db import models

from kernel.models import WorkItem
from kernel.mongo.fields import DocumentField


class Export(WorkItem):
    """Each in a lane of its own. ``contact_id`` is empty for the whole tenant.

    ``phase`` goes from queued over rows, files and whole to ready, and ends as expired,
    cancelled or failed. ``progress`` is where the writing stands, certain with the row;
    ``counts`` the rows written so far by collection. ``running`` is true until it is ready or
    over: a tenant has one such at a time.
    """

    QUEUED, ROWS, FILES, READY = "queued", "rows", "files", "ready"
    EXPIRED, CANCELLED, FAILED = "expired", "cancelled", "failed"
    PHASES = [(p, p) for p in (QUEUED, ROWS, FILES, READY, EXPIRED, CANCELLED, FAILED)]

    phase = models.CharField(max_length=10, choices=PHASES, default=QUEUED)
    running = models.BooleanField(default=True)
    contact_id = models.CharField(max_length=24, blank=True)
    asked_by_id = models.CharField(max_length=24, blank=True)
    is_cancelled = models.BooleanField(default=False)
    progress = DocumentField(default=dict, blank=True)
    counts = DocumentField(default=dict, blank=True)
    file_count = models.IntegerField(default=0)
    size = models.BigIntegerField(null=True)
    path = models.CharField(max_length=300, blank=True)
    ready_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta(WorkItem.Meta):
        abstract = False
        db_table = "exports"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(running=True), name="export_one_running"
            )
        ]
        indexes = [
            *WorkItem.Meta.indexes,
            models.Index(fields=["tenant", "-id"], name="export_newest"),
        ]
