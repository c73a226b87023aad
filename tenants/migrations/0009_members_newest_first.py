from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0008_tenants_per_person_and_leaving")]

    operations = [
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(fields=["tenant", "-id"], name="member_newest"),
        ),
    ]
