"""Where the metadata of a SAML provider stands, so that it is asked again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("curation", "0040_identity")]

    operations = [
        migrations.AddField(
            model_name="identityprovider",
            name="metadata_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="identityprovider",
            name="metadata_url",
            field=models.TextField(blank=True, db_default=""),
        ),
    ]
