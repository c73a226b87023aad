"""A machine's way in."""

from datetime import datetime, timedelta

from django.db import models

from kernel.clock import now
from kernel.mongo.fields import DocumentField
from kernel.scoping.fields import TenantForeignKey
from kernel.scoping.models import TenantModel
from tenants.models.membership import Membership

LONGEST = timedelta(days=365)


class ApiKey(TenantModel):
    """Only a peppered HMAC of the secret is kept; its id is the public part of the key.

    It never holds more than its maker, and ends with the maker's membership. ``channel_ids``
    are the channels that it keeps to, none for any. After a rotation ``previous_digest`` is of
    the secret before, which holds until ``previous_until``.
    """

    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)
    previous_digest = models.CharField(max_length=64, blank=True)
    previous_until = models.DateTimeField(null=True)
    scopes = DocumentField(default=list)
    cidrs = DocumentField(default=list)
    channel_ids = DocumentField(default=list)
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

    @property
    def ends_at(self) -> datetime:
        """When it expires; one without a date, a year after it was made."""
        return self.expires_at or self.created_at + LONGEST

    @property
    def has_ended(self) -> bool:
        return self.revoked_at is not None or self.ends_at <= now()

    @property
    def is_rotating(self) -> bool:
        """Whether the secret before still holds beside the new one."""
        return self.previous_until is not None and self.previous_until > now()
