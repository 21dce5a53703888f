"""On its own: rows that were changed and indexes do not go into one transaction."""

from django.db import migrations

# Slots made before know no language of their own, and count priority in ones. And all is
# planned once more: policies have changed since without the planner hearing of it.
FILL = """
UPDATE annotate_assignment SET priority = priority * 10;
UPDATE annotate_assignment SET language = curation_conversation.language
FROM curation_conversation
WHERE annotate_assignment.conversation_id = curation_conversation.id;
UPDATE annotate_plan SET seen = 0;
"""


class Migration(migrations.Migration):
    dependencies = [("annotate", "0002_all_kinds")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
