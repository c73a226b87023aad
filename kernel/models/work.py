"""Durable work: lanes decide whose turn it is, items are what there is to do."""

from django.db import models

from kernel.clock import LONG_AGO, NEVER, now
from kernel.scoping.models import TenantModel


class Lane(models.Model):
    """What must happen in order. ``due_at`` is the only thing a claim looks at.

    Idle: ``due_at`` is ``NEVER``. Leased: ``due_at`` is the end of the lease,
    so a dead holder's lane becomes due by itself; ``session`` is the holder's
    database session, ended when the holder is found dead; ``tries`` counts the
    holders since the lane was last given back, so more than one tells of a death. Held: ``held`` names the
    cause and ``due_at`` is the next probe. ``rev`` counts wake-ups, so that a
    holder who releases sees what arrived meanwhile; ``fence`` is its holder's alone and grows.
    """

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    tenant_id = models.CharField(max_length=24, blank=True)
    due_at = models.DateTimeField(default=NEVER)
    lease_until = models.DateTimeField(default=LONG_AGO)
    fence = models.BigIntegerField(default=0)
    rev = models.BigIntegerField(default=0)
    held = models.CharField(max_length=80, blank=True)
    holder = models.CharField(max_length=80, blank=True)
    session = models.BinaryField(null=True)
    claim = models.CharField(max_length=24, blank=True)
    tries = models.IntegerField(default=0)
    served_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "lanes"
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="lane_key")]
        indexes = [
            models.Index(fields=["kind", "due_at"], name="lane_due"),
            models.Index(fields=["tenant_id", "held"], name="lane_held"),
            models.Index(fields=["lease_until"], name="lane_leased"),
            models.Index(fields=["kind", "tenant_id", "due_at"], name="lane_tenant_due"),
        ]


class LaneMark(models.Model):
    """A wake-up written inside the transaction that made the work.

    Lanes are hot single documents; touching them inside a transaction would
    make unrelated transactions conflict. A mark is an insert, which never
    does; it is folded into its lane right after the commit, or by the sweeper.
    """

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    tenant_id = models.CharField(max_length=24, blank=True)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "lane_marks"
        indexes = [models.Index(fields=["created_at"], name="mark_age")]


class Canary(models.Model):
    """When a message last went through each queue, end to end."""

    queue = models.CharField(max_length=40, unique=True)
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "canaries"


class WorkItem(TenantModel):
    """One unit of work in a lane.

    ``open`` is true while the item is still to be done (ready, leased or
    parked); items of a lane are taken in the order of their ids. ``attempts``
    is counted before the work (a batch's first attempt by the lane's ``tries``),
    so an item that kills its worker counts itself to death. ``fence`` is the holder's: writes of an older holder match nothing.
    """

    READY, LEASED, PARKED, DONE, DEAD = "ready", "leased", "parked", "done", "dead"
    STATES = [(s, s) for s in (READY, LEASED, PARKED, DONE, DEAD)]

    lane = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=STATES, default=READY)
    open = models.BooleanField(default=True)
    due_at = models.DateTimeField(default=now)
    attempts = models.IntegerField(default=0)
    fence = models.BigIntegerField(default=0)
    last_error = models.TextField(blank=True)
    reason = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        abstract = True
        indexes = [
            # What is done leaves it: a lane's index is as small as what waits in the lane.
            models.Index(fields=["tenant", "lane", "id"], condition=models.Q(open=True),
                         name="%(class)s_open"),
            models.Index(fields=["tenant", "state", "-id"], name="%(class)s_state"),
        ]  # fmt: skip
