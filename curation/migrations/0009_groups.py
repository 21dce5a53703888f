"""Conversations that are there: those with the same first words are one group."""

from __future__ import annotations

from django.db import migrations

FILL = """
UPDATE curation_conversation c SET "group" = of.first FROM (
    SELECT id, first_value(uid) OVER (
        PARTITION BY dataset_id, CASE WHEN prompt_key = '' THEN uid::text ELSE prompt_key END
        ORDER BY id
    ) AS first FROM curation_conversation
) of WHERE of.id = c.id
"""


class Migration(migrations.Migration):
    dependencies = [("curation", "0008_versions")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
