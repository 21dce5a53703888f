"""Messages that were there before the triggers of 0007."""

from __future__ import annotations

from django.db import migrations

FILL = """
INSERT INTO curation_entry (
    message_id, dataset_id, category_id, author_id, guideline_id, language, state,
    role, origin, status, checks
)
SELECT message.id, conversation.dataset_id, conversation.category_id,
    message.author_id, message.guideline_id, message.language, message.state,
    message.role, message.origin, COALESCE(settlement.status, ''),
    ARRAY(
        SELECT DISTINCT curation_check_of(check_name) FROM curation_finding
        WHERE message_id = message.id ORDER BY 1
    )
FROM curation_message message
JOIN curation_conversation conversation ON conversation.id = message.conversation_id
LEFT JOIN curation_settlement settlement ON settlement.prompt_id = message.id
ORDER BY message.id
ON CONFLICT DO NOTHING;
INSERT INTO curation_words (message_id, words)
SELECT message.id, curation_words_of(
    message.text, message.context, conversation.dataset_id
)
FROM curation_message message
JOIN curation_conversation conversation ON conversation.id = message.conversation_id
ORDER BY message.id
ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [("curation", "0012_browse")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
