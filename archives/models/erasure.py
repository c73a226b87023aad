"""Erasures: asked for, carried out, certified."""

from django.db import models

from kernel.clock import now
from kernel.models import WorkItem
from kernel.mongo.fields import DocumentField


class Erasure(models.Model):
    """Of a tenant. Global: its certificate outlives the tenant; it holds ids, counts and hashes.

    ``asked_by_id`` is the person who, as every owner of the tenant, may read it and until ``due_at``
    cancel it. ``progress`` is which owners (``told``) were written to and where the work stands,
    ``certificate`` the signed statement at the end.
    """

    WAITING, ERASING, DONE, CANCELLED = "waiting", "erasing", "done", "cancelled"
    STATES = [(s, s) for s in (WAITING, ERASING, DONE, CANCELLED)]

    erased_tenant_id = models.CharField(max_length=24)
    slug = models.CharField(max_length=40)
    asked_by_id = models.CharField(max_length=24)
    state = models.CharField(max_length=10, choices=STATES, default=WAITING)
    is_open = models.BooleanField(default=True)
    asked_at = models.DateTimeField(default=now)
    due_at = models.DateTimeField()
    fence = models.BigIntegerField(default=0)
    progress = DocumentField(default=dict, blank=True)
    certificate = DocumentField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "erasures"
        constraints = [
            models.UniqueConstraint(
                fields=["erased_tenant_id"], condition=models.Q(is_open=True), name="erasure_once"
            )
        ]
        indexes = [models.Index(fields=["asked_by_id", "-id"], name="erasure_asked")]

    def __str__(self) -> str:
        return self.slug


class ContactErasure(WorkItem):
    """Of one contact: what is known of the person goes, the contact's empty row stays.

    ``progress`` is where the work stands; ``certificate`` says how much of what was emptied.
    """

    contact_id = models.CharField(max_length=24)
    asked_by_id = models.CharField(max_length=24, blank=True)
    progress = DocumentField(default=dict, blank=True)
    certificate = DocumentField(null=True, blank=True)

    class Meta(WorkItem.Meta):
        abstract = False
        db_table = "contact_erasures"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "contact_id"],
                condition=models.Q(open=True),
                name="contact_erasure_once",
            )
        ]
        indexes = [
            *WorkItem.Meta.indexes,
            models.Index(fields=["tenant", "-id"], name="contact_erasure_newest"),
        ]
