"""Why a tenant is suspended; of those that are, as far as it can be told."""

from typing import Any

import django_mongodb_backend.fields
from django.db import migrations, models

from kernel.mongo.doors import ObjectId, collection
from kernel.scoping.context import unscoped
from kernel.scoping.reasons import Reason

STAFF = ("tenant.suspended", "tenant.resumed", "tenant.erasure_cancelled")


def name_causes(apps: Any, schema_editor: Any) -> None:
    """Of each suspended tenant: its open erasure, its running import, else staff.

    Beside an erasure or an import staff count where they were the last to switch it.
    """
    of, causes = schema_editor.connection.get_collection, {}
    for row in of("erasures").find({"is_open": True}, {"erased_tenant_id": 1}):
        causes.setdefault(row["erased_tenant_id"], []).append("erasure")
    for row in of("imports").find({"running": True}, {"new_tenant_id": 1}):
        causes.setdefault(row["new_tenant_id"], []).append("import")
    of("tenants").update_many({"status": "active"}, {"$set": {"closed_by": []}})
    for tenant in of("tenants").find({"status": "suspended"}, {"_id": 1}):
        found = causes.get(str(tenant["_id"]), [])
        if not found or _is_staffs(tenant["_id"]):
            found = [*found, "staff"]
        of("tenants").update_one({"_id": tenant["_id"]}, {"$set": {"closed_by": found}})


def _is_staffs(tenant_id: ObjectId) -> bool:
    from kernel.models import AuditEntry

    with unscoped(Reason.MIGRATE):
        where = {"tenantId": tenant_id, "action": {"$in": list(STAFF)}}
        last = collection(AuditEntry).find_one(where, {"action": 1}, sort=[("_id", -1)])
    return last is not None and last["action"] == "tenant.suspended"


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0006_account_entries'),
    ]

    operations = [
        migrations.AddField(
            model_name='tenant',
            name='closed_by',
            field=django_mongodb_backend.fields.ArrayField(base_field=models.CharField(max_length=12), blank=True, default=list),
        ),
        migrations.RunPython(name_causes, migrations.RunPython.noop),
    ]
