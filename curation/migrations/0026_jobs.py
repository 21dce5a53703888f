"""What a worker left is found again; and what older versions left in the database goes."""

from django.db import migrations, models

# Nothing reads it since sessions name their account, and it holds who signed in when.
OLD_SESSIONS_GO = "DROP TABLE IF EXISTS django_session"
# Erasures before there was a second look would each be gone through once more.
OLD_ERASURES_ARE_SWEPT = """
UPDATE curation_erasure SET swept_at = done_at
WHERE swept_at IS NULL AND done_at < (
    SELECT applied FROM django_migrations
    WHERE app = 'curation' AND name = '0024_withdrawal'
)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("curation", "0025_fixes"),
    ]

    operations = [
        migrations.AddField(
            model_name="vector",
            name="is_compared",
            field=models.BooleanField(default=True),
        ),
        migrations.AddIndex(
            model_name="vector",
            index=models.Index(
                condition=models.Q(("is_compared", False)),
                fields=["model", "message"],
                name="vector_to_compare",
            ),
        ),
        migrations.RunSQL(OLD_SESSIONS_GO, migrations.RunSQL.noop),
        migrations.RunSQL(OLD_ERASURES_ARE_SWEPT, migrations.RunSQL.noop),
    ]
