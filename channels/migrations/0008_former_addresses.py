"""Who was reached by an address before; of channels removed until now as far as it can be known."""

from typing import Any

import kernel.clock
import kernel.mongo.fields
import kernel.mongo.ids
from django.db import migrations, models

from kernel.mongo.doors import collection, new_object_id
from kernel.scoping.context import unscoped
from kernel.scoping.reasons import Reason

NAMES = ("phone_number_id", "waba_id", "ig_id")


def note_removed_channels(apps: Any, schema_editor: Any) -> None:
    """Channels that were connected here and removed; what came with an archive proves nothing.

    Repeatable: a channel that is noted already is passed over.
    """
    from channels.models import Channel, FormerAddress

    imported = set(schema_editor.connection.get_collection("imports").distinct("new_tenant_id"))
    with unscoped(Reason.MIGRATE):
        removed = list(collection(Channel).find({"status": "removed"}))
    for row in removed:
        external = row.get("external") or {}
        for kind in NAMES if str(row["tenantId"]) not in imported else ():
            if value := str(external.get(kind) or ""):
                key = {"kind": kind, "value": value, "tenant_id": str(row["tenantId"]),
                       "since": row["created_at"]}  # fmt: skip
                made = {"_id": new_object_id(), "until": row["status_at"]}
                collection(FormerAddress).update_one(key, {"$setOnInsert": made}, upsert=True)


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0007_states_serve_once'),
    ]

    operations = [
        migrations.CreateModel(
            name='FormerAddress',
            fields=[
                ('id', kernel.mongo.fields.IdField(auto_created=True, default=kernel.mongo.ids.new_id, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=30)),
                ('value', models.CharField(max_length=80)),
                ('tenant_id', models.CharField(max_length=24)),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField(default=kernel.clock.now)),
            ],
            options={
                'db_table': 'former_addresses',
            },
        ),
        migrations.AddIndex(
            model_name='channeladdress',
            index=models.Index(fields=['tenant_id'], name='address_tenant'),
        ),
        migrations.AddIndex(
            model_name='formeraddress',
            index=models.Index(fields=['kind', 'value', 'since'], name='former_address_since'),
        ),
        migrations.AddIndex(
            model_name='formeraddress',
            index=models.Index(fields=['tenant_id'], name='former_address_tenant'),
        ),
        migrations.RunPython(note_removed_channels, migrations.RunPython.noop),
    ]
