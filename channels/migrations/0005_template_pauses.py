from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0003_facts_and_templates_history'),
    ]

    operations = [
        migrations.AddField(
            model_name='messagetemplate',
            name='paused_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
