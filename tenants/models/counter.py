"""Numbers that count up within a tenant, for people to quote."""

from django.db import models

from kernel.scoping.models import TenantModel


class TenantCounter(TenantModel):
    """The last number given out under ``name``. Gaps happen; repeats do not."""

    name = models.CharField(max_length=40)
    value = models.BigIntegerField(default=0)

    class Meta(TenantModel.Meta):
        db_table = "tenant_counters"
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="counter_name")]
