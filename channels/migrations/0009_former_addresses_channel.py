from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels", "0008_former_addresses")]

    operations = [
        migrations.AddField(
            model_name="formeraddress",
            name="channel_id",
            field=models.CharField(default="", max_length=24),
        ),
    ]
