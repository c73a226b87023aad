import kernel.clock
import kernel.mongo.fields
import kernel.mongo.ids
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("kernel", "0003_audit_unchained"),
    ]

    operations = [
        migrations.CreateModel(
            name="PlatformKey",
            fields=[
                (
                    "id",
                    kernel.mongo.fields.IdField(
                        auto_created=True,
                        default=kernel.mongo.ids.new_id,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("wrapped", models.TextField()),
                ("ring_key", models.CharField(max_length=40)),
                ("created_at", models.DateTimeField(default=kernel.clock.now)),
                ("rewrapped_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "platform_keys",
            },
        ),
    ]
