"""The base of every row that belongs to a tenant."""

from typing import Any, ClassVar

from django.db import models

from kernel.scoping.fields import TenantField
from kernel.scoping.managers import TenantManager


class TenantModel(models.Model):
    """A row of one tenant.

    ``immutable`` rows are written once: the guard refuses to change or delete
    them outside the named reasons. ``cross_tenant_indexes`` names the indexes
    that do not start with the tenant, each with its reason.
    """

    immutable: ClassVar[bool] = False
    cross_tenant_indexes: ClassVar[dict[str, str]] = {}

    tenant = TenantField()

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        default_manager_name = "objects"

    def delete(self, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete through the scoped queryset, so that the tenant is in the command."""
        return type(self).objects.filter(pk=self.pk).delete()
