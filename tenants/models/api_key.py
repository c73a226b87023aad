"""A machine's way in."""

from django.db import models

from kernel.clock import now
from kernel.mongo.fields import DocumentField
from kernel.scoping.fields import TenantForeignKey
from kernel.scoping.models import TenantModel
from tenants.models.membership import Membership


class ApiKey(TenantModel):
    """Only a peppered HMAC of the secret is kept; its id is the public part of the key.

    It never holds more than its maker, and ends with the maker's membership.
    """

    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)
    scopes = DocumentField(default=list)
    cidrs = DocumentField(default=list)
    created_by = TenantForeignKey(Membership, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_ip = models.CharField(max_length=45, blank=True)

    class Meta(TenantModel.Meta):
        db_table = "api_keys"
        indexes = [models.Index(fields=["tenant", "-id"], name="api_key_newest"),
                   models.Index(fields=["tenant", "created_by"], name="api_key_maker")]  # fmt: skip

    def __str__(self) -> str:
        return self.name
