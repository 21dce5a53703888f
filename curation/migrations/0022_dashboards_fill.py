"""Messages that were there before 0021."""

from __future__ import annotations

from django.db import migrations

FILL = """
UPDATE curation_entry SET created_at = message.created_at, decided_at = message.decided_at
FROM curation_message message WHERE message.id = curation_entry.message_id;
"""


class Migration(migrations.Migration):
    dependencies = [("curation", "0021_dashboards")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
