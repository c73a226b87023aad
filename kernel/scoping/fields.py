"""Foreign keys that stamp the active tenant and refuse rows of another."""

from typing import Any

from django.db import models

from kernel.scoping.context import (
    NoActiveTenant,
    TenantMismatch,
    active_tenant_id,
    current_scope,
    is_unscoped,
)


class TenantField(models.ForeignKey):
    """The owner of a row, column ``tenantId``.

    ``pre_save`` is the one hook that ``save``, ``create`` and ``bulk_create``
    share: it stamps the active tenant, refuses a mismatch, and refuses when no
    tenant is active. An unscoped write names its tenant itself.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("to", "tenants.Tenant")
        kwargs.setdefault("on_delete", models.PROTECT)
        kwargs.setdefault("db_column", "tenantId")
        kwargs.setdefault("db_index", False)
        kwargs.setdefault("related_name", "+")
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def has_default(self) -> bool:
        return True

    def get_default(self) -> str | None:
        scope = current_scope()
        return scope if isinstance(scope, str) else None

    def pre_save(self, obj: models.Model, add: bool) -> str:
        current = getattr(obj, self.attname)
        if is_unscoped():
            if current is None:
                raise NoActiveTenant("an unscoped write names its tenant")
            return current
        tenant = active_tenant_id()
        if current is None and add:
            setattr(obj, self.attname, tenant)
            return tenant
        if current != tenant:
            raise TenantMismatch(f"a row of tenant {current} cannot be written as {tenant}")
        return tenant


class TenantForeignKey(models.ForeignKey):
    """A reference that stays inside the tenant.

    A cached instance is checked in memory, a bare id by one lookup; the row's
    own tenant decides, so a reference can never point across.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("db_index", False)
        super().__init__(*args, **kwargs)

    def pre_save(self, obj: models.Model, add: bool) -> str | None:
        pk = getattr(obj, self.attname)
        if pk is not None and not is_unscoped():
            self.check_owner(obj, pk)
        return pk

    def check_owner(self, obj: models.Model, pk: str) -> None:
        """Raise ``TenantMismatch`` unless ``pk`` is a row of the active tenant."""
        related = self.get_cached_value(obj, default=None)
        if related is not None and related.pk == pk:
            owned = related.tenant_id == active_tenant_id()
        else:
            owned = self.related_model._base_manager.filter(pk=pk).exists()
        if not owned:
            raise TenantMismatch(f"{self.name}: {pk} is not a row of this tenant")
