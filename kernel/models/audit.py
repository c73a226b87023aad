"""The audit log: written with the change, chained by the relay, never changed after."""

from django.db import models
from django.db.models import Q

from kernel.clock import now
from kernel.mongo.fields import DocumentField
from kernel.scoping.models import TenantModel

CHAINED = Q(seq__gt=0)


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
            models.Index(fields=["tenant", "id"], condition=Q(seq=0), name="audit_unchained"),
            # Of chained entries only: an entry is written once in each, not again when it is chained.
            models.Index(
                fields=["tenant", "actor_id", "seq"], condition=CHAINED, name="audit_actor"
            ),
            models.Index(
                fields=["tenant", "action", "seq"], condition=CHAINED, name="audit_action"
            ),
            models.Index(
                fields=["tenant", "actor_id", "action", "seq"], condition=CHAINED, name="audit_both"
            ),
            models.Index(
                fields=["tenant", "target_id", "seq"], condition=CHAINED, name="audit_target"
            ),
            models.Index(fields=["tenant", "occurred_at"], condition=CHAINED, name="audit_time"),
        ]


class AuditTally(TenantModel):
    """How often ``who`` was refused in a minute: the first few are entries, the others this count.

    ``minute`` counts since 1970. The row ends as one entry with the count.
    """

    who = models.CharField(max_length=80)
    minute = models.BigIntegerField()
    count = models.BigIntegerField(default=0)
    actor = DocumentField(default=dict)
    action = models.CharField(max_length=60)

    class Meta(TenantModel.Meta):
        db_table = "audit_tallies"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "minute", "who", "action"], name="tally_once")
        ]
