from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("curation", "0043_fold"),
    ]

    operations = [
        migrations.AddField(
            model_name="deliverytry",
            name="facts",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AlterField(
            model_name="deliverytry",
            name="problem",
            field=models.CharField(
                blank=True, help_text="A sentence; %-names are in `facts`.", max_length=300
            ),
        ),
    ]
