"""Asking somebody in by e-mail."""

from django.db import models

from kernel.clock import now
from kernel.models.work import WorkItem
from kernel.scoping.fields import TenantForeignKey
from kernel.scoping.models import TenantModel
from tenants.models.membership import Membership


class Invitation(TenantModel):
    """For one address, once, until ``expires_at``. Only an HMAC of the link's secret is kept.

    ``open_email`` is the address while the invitation is open and nothing after: its unique index
    lets one be open for each address. ``invited_by`` is nobody when staff invited.
    """

    OPEN, ACCEPTED, REVOKED, REPLACED = "open", "accepted", "revoked", "replaced"
    STATES = (OPEN, ACCEPTED, REVOKED, REPLACED)

    email = models.EmailField()
    role = models.CharField(max_length=40)
    status = models.CharField(max_length=10, default=OPEN, choices=[(s, s) for s in STATES])
    open_email = models.EmailField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    invited_by = TenantForeignKey(
        Membership, models.SET_NULL, null=True, db_index=False, related_name="+"
    )
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)

    cross_tenant_indexes = {
        "invitation_for": "an address that signs up may be invited into any tenant"
    }

    class Meta(TenantModel.Meta):
        db_table = "invitations"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "open_email"], name="invitation_open")
        ]
        indexes = [
            models.Index(fields=["tenant", "-id"], name="invitation_newest"),
            models.Index(fields=["tenant", "role", "status"], name="invitation_role"),
            models.Index(fields=["open_email", "expires_at"], name="invitation_for"),
        ]

    def __str__(self) -> str:
        return self.email


class InvitationMail(WorkItem):
    """An e-mail to write. ``token`` is the link's, sealed, and goes when the mail has left."""

    invitation = TenantForeignKey(Invitation, models.CASCADE, db_index=False, related_name="+")
    token = models.TextField(blank=True)

    class Meta(WorkItem.Meta):
        db_table = "invitation_mails"
