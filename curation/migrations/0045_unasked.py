from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("curation", "0044_problems"),
    ]

    operations = [
        migrations.AddField(
            model_name="identityprovider",
            name="unasked_facts",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="identityprovider",
            name="unasked_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="identityprovider",
            name="unasked_why",
            field=models.CharField(blank=True, db_default="", max_length=300),
        ),
    ]
