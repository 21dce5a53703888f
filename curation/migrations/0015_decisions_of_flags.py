from django.db import migrations

# What curators decided on flags before there was a queue, one line for each decision.
DECISIONS = """
INSERT INTO curation_decision
    (dataset_id, message_id, action, note, checks, by_id, at, after, until)
SELECT DISTINCT conversation.dataset_id, flag.message_id,
    CASE flag.outcome WHEN 'held' THEN 'hold' WHEN 'removed' THEN 'reject' ELSE 'keep' END,
    '', '{}'::varchar[], flag.resolved_by_id, flag.resolved_at, 0, 0
FROM curation_flag flag
JOIN curation_message message ON message.id = flag.message_id
JOIN curation_conversation conversation ON conversation.id = message.conversation_id
WHERE flag.resolved_at IS NOT NULL AND flag.decision_id IS NULL
ORDER BY flag.resolved_at
"""
FLAGS = """
UPDATE curation_flag flag SET decision_id = decision.id
FROM curation_decision decision
WHERE decision.message_id = flag.message_id AND decision.at = flag.resolved_at
    AND decision.by_id = flag.resolved_by_id AND flag.decision_id IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("curation", "0014_consent"),
    ]

    operations = [
        migrations.RunSQL([DECISIONS, FLAGS], migrations.RunSQL.noop),
    ]
