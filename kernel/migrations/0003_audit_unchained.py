from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0002_what_is_done_leaves_its_index")]

    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("seq", 0)), fields=["tenant", "id"], name="audit_unchained"
            ),
        )
    ]
