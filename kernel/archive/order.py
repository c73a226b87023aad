"""The tenant's models, each after those that it refers to."""

from functools import cache
from typing import Any

from kernel.scoping.fields import TenantForeignKey
from kernel.scoping.models import TenantModel
from kernel.scoping.registry import owned_models

Model = type[TenantModel]


def references(model: Model) -> dict[str, Model]:
    """Column → the tenant's model that it refers to."""
    return {
        str(field.column): field.related_model
        for field in model._meta.concrete_fields
        if isinstance(field, TenantForeignKey)
    }


@cache
def in_order() -> tuple[Model, ...]:
    """Every model of tenants; whoever is referred to comes first, else by name."""
    found: dict[str, Model] = {}
    models: list[Any] = list(owned_models().values())
    for model in sorted(models, key=lambda m: m._meta.label):
        _place(model, found)
    return tuple(found.values())


def _place(model: Model, found: dict[str, Model]) -> None:
    for other in references(model).values():
        if other is not model and other._meta.label not in found:
            _place(other, found)
    found.setdefault(model._meta.label, model)
