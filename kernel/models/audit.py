"""The audit log: written with the change, chained by the relay, never changed after."""

from django.db import models

from kernel.clock import now
from kernel.mongo.fields import DocumentField
from kernel.scoping.models import TenantModel


class AuditEntry(TenantModel):
    """Who did what to what, from where. ``seq`` is 0 until the relay has chained the entry."""

    immutable = True

    seq = models.BigIntegerField(default=0)
    action = models.CharField(max_length=60)
    actor_kind = models.CharField(max_length=20)
    actor_id = models.CharField(max_length=64, blank=True)
    user_id = models.CharField(max_length=24, blank=True)
    on_behalf_of = models.CharField(max_length=24, blank=True)
    target_type = models.CharField(max_length=40)
    target_id = models.CharField(max_length=64, blank=True)
    changes = DocumentField(default=dict)
    reason = models.CharField(max_length=200, blank=True)
    ip = models.CharField(max_length=45, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    occurred_at = models.DateTimeField(default=now)
    prev = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, blank=True)

    class Meta(TenantModel.Meta):
        db_table = "audit_log"
        indexes = [
            models.Index(fields=["tenant", "seq", "id"], name="audit_chain"),
            # What waits for its place, for the sweeper's look over all tenants.
            models.Index(
                fields=["tenant", "id"], condition=models.Q(seq=0), name="audit_unchained"
            ),
        ]
