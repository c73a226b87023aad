"""Domain events: facts, numbered per tenant in the order in which they were committed."""

from django.db import models

from kernel.clock import now
from kernel.models.work import WorkItem
from kernel.mongo.fields import DocumentField
from kernel.scoping.fields import TenantForeignKey
from kernel.scoping.models import TenantModel


class DomainEvent(TenantModel):
    """A fact. ``number`` is 0 until the relay gives it the tenant's next number."""

    immutable = True

    number = models.BigIntegerField(default=0)
    type = models.CharField(max_length=60)
    data = DocumentField(default=dict)
    actor = DocumentField(default=dict)
    occurred_at = models.DateTimeField(default=now)

    class Meta(TenantModel.Meta):
        db_table = "domain_events"
        indexes = [
            # What waits for its number; a numbered event leaves it for the feed's index.
            models.Index(
                fields=["tenant", "id"], condition=models.Q(number=0), name="event_unnumbered"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "number"],
                condition=models.Q(number__gt=0),
                name="event_number",
            )
        ]


class FeedState(TenantModel):
    """How far the relay has come for a tenant: the last event number, the audit chain's head.

    ``audit_cut_seq`` and its hash are of the last entry that retention removed: the chain begins after it.
    """

    last_number = models.BigIntegerField(default=0)
    audit_seq = models.BigIntegerField(default=0)
    audit_hash = models.CharField(max_length=64, blank=True)
    audit_cut_seq = models.BigIntegerField(default=0)
    audit_cut_hash = models.CharField(max_length=64, blank=True)
    fence = models.BigIntegerField(default=0)

    class Meta(TenantModel.Meta):
        db_table = "feed_states"
        constraints = [models.UniqueConstraint(fields=["tenant"], name="feed_state")]


class Reaction(WorkItem):
    """A subscriber's turn at an event, once for each pair."""

    subscriber = models.CharField(max_length=80)
    event = TenantForeignKey(DomainEvent, models.CASCADE, related_name="+")

    class Meta(WorkItem.Meta):
        abstract = False
        db_table = "reactions"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "subscriber", "event"], name="reaction_once")
        ]
