"""How staff come to a tenant: what they were granted, and whom they act as."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from kernel.clock import now
from kernel.scoping.fields import TenantForeignKey
from kernel.scoping.models import TenantModel
from tenants.models.membership import Membership


class StaffGrant(TenantModel):
    """A member of staff may enter the tenant's backoffice until ``expires_at``, for ``reason``."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    email = models.EmailField()
    reason = models.CharField(max_length=200)
    granted_by_id = models.CharField(max_length=24)
    granted_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    cross_tenant_indexes = {"grant_tenants": "which tenants a member of staff may enter spans them"}

    class Meta(TenantModel.Meta):
        db_table = "staff_grants"
        verbose_name = "staff grant"
        indexes = [
            models.Index(fields=["tenant", "-id"], name="grant_newest"),
            models.Index(fields=["tenant", "user", "expires_at"], name="grant_user"),
            models.Index(fields=["user", "expires_at"], name="grant_tenants"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and self.expires_at > now()

    @staticmethod
    def opens(user_id: str) -> Q:
        """The grants by which somebody may enter now."""
        return Q(user_id=user_id, expires_at__gt=now(), revoked_at=None)


class Impersonation(TenantModel):
    """A member of staff acts as ``member`` until ``expires_at``, at most half an hour, for ``reason``.

    The row decides, not the browser's session: ending it holds from the next request.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    email = models.EmailField()
    member = TenantForeignKey(Membership, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=200)
    started_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        db_table = "impersonations"
        indexes = [models.Index(fields=["tenant", "-id"], name="impersonation_newest")]

    def __str__(self) -> str:
        return self.email

    @property
    def is_running(self) -> bool:
        return self.ended_at is None and self.expires_at > now()
