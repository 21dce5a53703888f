"""History, frozen versions and guideline texts are inserted once: the database says so."""

from __future__ import annotations

from django.db import migrations

TABLES = (
    "curation_event",
    "curation_datasetversion",
    "curation_versionitem",
    "curation_guideline",
)

FUNCTION = """
CREATE FUNCTION curation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are inserted once and never changed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
"""


def trigger(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION curation_refuse_change();",
        f"DROP TRIGGER {table}_append_only ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [("curation", "0001_record")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION curation_refuse_change();"),
        *(trigger(table) for table in TABLES),
    ]
