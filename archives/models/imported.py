"""An archive on its way to becoming a tenant."""

from django.db import models

from kernel.clock import now
from kernel.mongo.fields import DocumentField


class Import(models.Model):
    """Global: it begins before its tenant exists, and belongs to the person who asked.

    ``new_tenant_id`` is decided at the start, so that whoever goes on after a crash makes the
    same ids. ``asked_by`` is the actor whose doing the tenant's log calls it. ``phase`` goes from checking over rows and files to done, or ends as refused, with
    nothing left of the tenant. ``report`` is for people: counts per collection, members,
    channels, the origin and the head of its audit log.
    """

    CHECKING, ROWS, FILES, CLEARING = "checking", "rows", "files", "clearing"
    DONE, REFUSED = "done", "refused"
    PHASES = [(p, p) for p in (CHECKING, ROWS, FILES, CLEARING, DONE, REFUSED)]

    user_id = models.CharField(max_length=24)
    asked_by = DocumentField(default=dict, blank=True)
    slug = models.CharField(max_length=40)
    name = models.CharField(max_length=120, blank=True)
    new_tenant_id = models.CharField(max_length=24)
    phase = models.CharField(max_length=10, choices=PHASES, default=CHECKING)
    running = models.BooleanField(default=True)
    fence = models.BigIntegerField(default=0)
    tries = models.IntegerField(default=0)
    progress = DocumentField(default=dict, blank=True)
    report = DocumentField(default=dict, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    path = models.CharField(max_length=400)
    created_at = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "imports"
        constraints = [
            models.UniqueConstraint(
                fields=["user_id"], condition=models.Q(running=True), name="import_one_running"
            )
        ]
        indexes = [models.Index(fields=["user_id", "-id"], name="import_newest")]
