"""What was removed because it was too old."""

from django.db import models

from kernel.models import WorkItem
from kernel.mongo.fields import DocumentField


class RetentionRun(WorkItem):
    """One day's removal in a tenant. ``days`` is what the tenant had chosen then, by kind."""

    day = models.CharField(max_length=10)
    days = DocumentField(default=dict)
    progress = DocumentField(default=dict, blank=True)
    removed = DocumentField(default=dict, blank=True)

    class Meta(WorkItem.Meta):
        abstract = False
        db_table = "retention_runs"
        constraints = [models.UniqueConstraint(fields=["tenant", "day"], name="retention_once")]
        indexes = [
            *WorkItem.Meta.indexes,
            models.Index(fields=["tenant", "-id"], name="retention_newest"),
        ]
