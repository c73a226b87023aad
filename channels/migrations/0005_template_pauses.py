from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0004_upkeep_alerts_and_sign_ins'),
    ]

    operations = [
        migrations.AddField(
            model_name='messagetemplate',
            name='paused_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
