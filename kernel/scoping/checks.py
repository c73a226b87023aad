"""System checks that hold the tenancy rules for every model that will ever be added."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, register
from django.db import models

from kernel.scoping.fields import TenantField, TenantForeignKey
from kernel.scoping.models import TenantModel
from kernel.scoping.registry import GLOBAL_MODELS


@register("tenancy")
def check_tenancy(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    for model in apps.get_models(include_auto_created=True):
        if issubclass(model, TenantModel):
            messages += [*_references(model), *_indexes(model)]
        elif not model._meta.auto_created and model._meta.label not in GLOBAL_MODELS:
            messages.append(_error(model, "is neither a TenantModel nor in GLOBAL_MODELS", "T001"))
    return messages


def _references(model: type[TenantModel]) -> Iterator[CheckMessage]:
    for field in model._meta.concrete_fields:
        target = getattr(field, "related_model", None)
        if isinstance(field, TenantField) or target is None:
            continue
        to_tenant = isinstance(target, type) and issubclass(target, TenantModel)
        if to_tenant and not isinstance(field, TenantForeignKey):
            yield _error(model, f"{field.name} must be a TenantForeignKey", "T002")
    if model._meta.many_to_many:
        yield _error(model, "many-to-many tables cannot carry the tenant", "T003")


def _indexes(model: type[TenantModel]) -> Iterator[CheckMessage]:
    for index in [*model._meta.indexes, *model._meta.constraints]:
        names = [name.lstrip("-") for name in getattr(index, "fields", ())]
        if names and names[0] != "tenant" and index.name not in model.cross_tenant_indexes:
            yield _error(model, f"index {index.name} must start with tenant", "T004")
    for field in model._meta.concrete_fields:
        if not field.primary_key and (field.db_index or field.unique):
            yield _error(model, f"{field.name} has an index that lacks the tenant", "T005")


def _error(model: type[models.Model], text: str, number: str) -> Error:
    return Error(f"{model._meta.label} {text}", obj=model, id=f"kernel.{number}")
