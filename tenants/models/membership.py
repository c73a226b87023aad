"""A person in a tenant."""

from django.db import models

from accounts.models import User
from kernel.clock import now
from kernel.mongo.fields import DocumentField
from kernel.scoping.models import TenantModel


class Membership(TenantModel):
    """``role`` decides what the person may do here.

    ``role`` is the name of a built-in role or the key of one of the tenant's own.
    ``team_ids`` are the ids of the teams that the person is in. ``availability`` is what they tell
    their colleagues: nothing is kept from somebody who is away. A disabled one was removed, or came
    with an archive; whoever left is back by accepting an invitation alone.
    """

    ACTIVE, DISABLED, LEFT = "active", "disabled", "left"
    STATUSES = (ACTIVE, DISABLED, LEFT)

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", db_index=False)
    role = models.CharField(max_length=40)
    status = models.CharField(max_length=10, default=ACTIVE,
                              choices=[(s, s) for s in STATUSES])  # fmt: skip
    availability = models.CharField(max_length=10, default="online",
                                    choices=[(a, a) for a in ("online", "away", "offline")])  # fmt: skip
    email = models.EmailField()
    name = models.CharField(max_length=120, blank=True)
    team_ids = DocumentField(default=list, blank=True)
    created_at = models.DateTimeField(default=now)

    cross_tenant_indexes = {"member_tenants": "a person's own list of tenants spans tenants"}

    class Meta(TenantModel.Meta):
        db_table = "tenant_users"
        verbose_name = "member"
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="member_once")]
        indexes = [
            models.Index(fields=["user", "status"], name="member_tenants"),
            models.Index(fields=["tenant", "status", "role"], name="member_roles"),
            models.Index(fields=["tenant", "team_ids", "user"], name="member_teams"),
            models.Index(fields=["tenant", "email"], name="member_email"),
            models.Index(fields=["tenant", "-id"], name="member_newest"),
        ]

    def __str__(self) -> str:
        return self.name or self.email
