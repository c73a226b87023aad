"""Data keys of tenants and of the platform, wrapped by the installation's key ring."""

from django.db import models

from kernel.clock import now
from kernel.scoping.models import TenantModel


class TenantKey(TenantModel):
    """A tenant's 256-bit data key, wrapped. The newest seals; all of them open."""

    wrapped = models.TextField()
    ring_key = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=now)
    rewrapped_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        db_table = "tenant_keys"
        indexes = [models.Index(fields=["tenant", "-id"], name="tenant_key_newest")]


class PlatformKey(models.Model):
    """A data key for what belongs to a person and not to a tenant; as ``TenantKey`` otherwise."""

    wrapped = models.TextField()
    ring_key = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=now)
    rewrapped_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "platform_keys"
