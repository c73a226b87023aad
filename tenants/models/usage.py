"""How much of a limit is used."""

from django.db import models

from kernel.scoping.models import TenantModel


class Usage(TenantModel):
    """``value`` used of the limit ``name``; of a daily limit, on ``day`` (UTC, ``2026-03-14``)."""

    name = models.CharField(max_length=40)
    day = models.CharField(max_length=10, blank=True)
    value = models.BigIntegerField(default=0)

    class Meta(TenantModel.Meta):
        db_table = "tenant_usage"
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="usage_name")]
