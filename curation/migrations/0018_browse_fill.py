"""Scores and conversations of messages that were there before the triggers of 0017."""

import django.db.models.deletion
from django.db import migrations, models

FILL = """
UPDATE curation_entry entry SET
    conversation_id = message.conversation_id, score = scored.score, rating = rated.mean
FROM curation_message message
LEFT JOIN (
    SELECT placed.answer, placed.score
    FROM curation_settlement settlement, curation_scores_of(settlement."order") placed
) scored ON scored.answer = message.id
LEFT JOIN (
    SELECT reply_id, round(10 * avg(rating)) AS mean FROM curation_ballotentry
    WHERE rating IS NOT NULL GROUP BY reply_id
) rated ON rated.reply_id = message.id
WHERE message.id = entry.message_id;
"""


class Migration(migrations.Migration):
    dependencies = [("curation", "0017_browse_scores")]

    operations = [
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="entry",
            name="conversation",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="curation.conversation",
            ),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["conversation"], name="entry_by_conversation"),
        ),
    ]
