"""Every page of the backoffice, as the tests go through them."""

from typing import Any

from django.contrib import admin

from kernel.scoping.models import TenantModel
from tests import factories


def pages() -> list[Any]:
    """The registered pages of tenants' models, by name."""
    found = [page for model, page in admin.site._registry.items() if issubclass(model, TenantModel)]
    return sorted(found, key=lambda page: page.model._meta.label)


def name_of(page: Any) -> str:
    return str(page.model._meta.label)


def row_of(model: Any) -> Any:
    """A saved row of any model, in the active tenant."""
    row = factories.any_row(model)
    row.save(force_insert=True)
    return row
