from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0003_edits_history_and_echoes'),
    ]

    operations = [
        migrations.AddField(
            model_name='delivery',
            name='priority',
            field=models.CharField(choices=[('reply', 'reply'), ('bulk', 'bulk')], default='reply', max_length=8),
        ),
    ]
