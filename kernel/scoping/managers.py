"""The manager every tenant model has: its filter is read when a query compiles."""

from collections.abc import Iterable, Iterator
from typing import Any

from bson import ObjectId
from django.db import models
from django.db.models import Value
from django_mongodb_backend.queryset import MongoQuerySet

from kernel.scoping.context import TenantMismatch, active_tenant_id, is_unscoped
from kernel.scoping.fields import TenantField, TenantForeignKey


class ActiveTenant(Value):
    """The active tenant, looked up at compile time: a queryset built at import is safe, and raises bare."""

    def __init__(self) -> None:
        super().__init__(None)

    @property
    def value(self) -> str:
        return active_tenant_id()

    @value.setter
    def value(self, _: Any) -> None:
        """``Value.__init__`` assigns; there is nothing to keep."""

    def as_mql(self, compiler: Any, connection: Any, as_expr: bool = False) -> ObjectId:
        return ObjectId(active_tenant_id())


class TenantQuerySet(MongoQuerySet):
    """A queryset whose writes keep the tenant column and every reference inside the tenant."""

    def _references(self, names: Iterable[str]) -> Iterator[TenantForeignKey]:
        for name in names:
            field = self.model._meta.get_field(name)
            if isinstance(field, TenantField):
                raise TenantMismatch("a row never changes its tenant")
            if isinstance(field, TenantForeignKey):
                yield field

    def update(self, **changes: Any) -> int:
        references = list(self._references(changes))
        if not is_unscoped():
            for field in references:
                self._check_reference(field, changes.get(field.name, changes.get(field.attname)))
        return super().update(**changes)

    update.alters_data = True  # type: ignore[attr-defined]

    def _check_reference(self, field: TenantForeignKey, value: Any) -> None:
        pk = getattr(value, "pk", value)
        if pk is None:
            return
        if hasattr(pk, "resolve_expression"):
            raise TenantMismatch(f"{field.name}: a reference is set by value, not by expression")
        if not field.related_model._base_manager.filter(pk=pk).exists():
            raise TenantMismatch(f"{field.name}: {pk} is not a row of this tenant")

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], **kwargs: Any) -> int:
        objs, fields = tuple(objs), tuple(fields)
        for field in self._references(fields):
            for obj in objs:
                field.pre_save(obj, False)
        return super().bulk_update(objs, fields, **kwargs)


class TenantManager(models.Manager.from_queryset(TenantQuerySet)):  # type: ignore[misc]
    """Filters by the active tenant; under ``unscoped`` it does not."""

    use_in_migrations = False

    def get_queryset(self) -> TenantQuerySet:
        queryset = super().get_queryset()
        return queryset if is_unscoped() else queryset.filter(tenant=ActiveTenant())
