"""`python -m tests.bench.page_rows TENANT`: one row for each list of the backoffice.

Prints a JSON list of objects: the list's ``address``, its ``collection``, the ``id`` of the row that was made.
"""

import json
import sys
from typing import Any

import django


def rows(tenant_id: str) -> list[dict[str, Any]]:
    from django.contrib import admin

    from kernel.scoping import tenant_scope
    from kernel.scoping.models import TenantModel
    from tenants.access import acting_as_system
    from tests import factories

    models = sorted((m for m in admin.site._registry if issubclass(m, TenantModel)), key=_label)
    made = []
    with tenant_scope(tenant_id), acting_as_system():
        for model in models:
            row = factories.any_row(model)
            row.save(force_insert=True)
            made.append({
                "address": f"/admin/{model._meta.app_label}/{model._meta.model_name}/",
                "collection": model._meta.db_table, "id": row.pk,
            })  # fmt: skip
    return made


def _label(model: Any) -> str:
    return str(model._meta.label)


if __name__ == "__main__":
    django.setup()
    print(json.dumps(rows(sys.argv[1])))
