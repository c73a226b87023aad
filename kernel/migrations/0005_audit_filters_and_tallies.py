
import django.db.models.deletion
import kernel.mongo.fields
import kernel.mongo.ids
import kernel.scoping.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("kernel", "0004_platform_keys"),
        ("tenants", "0002_teams"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditTally",
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
                ("who", models.CharField(max_length=80)),
                ("minute", models.BigIntegerField()),
                ("count", models.BigIntegerField(default=0)),
                ("actor", kernel.mongo.fields.DocumentField(default=dict)),
                ("action", models.CharField(max_length=60)),
            ],
            options={
                "db_table": "audit_tallies",
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("seq__gt", 0)),
                fields=["tenant", "actor_id", "seq"],
                name="audit_actor",
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("seq__gt", 0)),
                fields=["tenant", "action", "seq"],
                name="audit_action",
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("seq__gt", 0)),
                fields=["tenant", "actor_id", "action", "seq"],
                name="audit_both",
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("seq__gt", 0)),
                fields=["tenant", "target_id", "seq"],
                name="audit_target",
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("seq__gt", 0)),
                fields=["tenant", "occurred_at"],
                name="audit_time",
            ),
        ),
        migrations.AddField(
            model_name="audittally",
            name="tenant",
            field=kernel.scoping.fields.TenantField(
                db_column="tenantId",
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddConstraint(
            model_name="audittally",
            constraint=models.UniqueConstraint(
                fields=("tenant", "minute", "who", "action"), name="tally_once"
            ),
        ),
    ]
