"""When messages were written and decided, in the narrow table; judgements by time."""

import django.utils.timezone
from django.db import migrations, models

ADDED = """
CREATE OR REPLACE FUNCTION curation_add_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO curation_entry (
        message_id, dataset_id, conversation_id, category_id, author_id, guideline_id,
        language, state, role, origin, status, checks, created_at, decided_at
    )
    SELECT message.id, conversation.dataset_id, conversation.id, conversation.category_id,
        message.author_id, message.guideline_id, message.language, message.state,
        message.role, message.origin, '', '{}', message.created_at, message.decided_at
    FROM added message
    JOIN curation_conversation conversation ON conversation.id = message.conversation_id;
    INSERT INTO curation_words (message_id, words)
    SELECT message.id, curation_words_of(
        message.text, message.context, conversation.dataset_id
    )
    FROM added message
    JOIN curation_conversation conversation ON conversation.id = message.conversation_id;
    RETURN NULL;
END
$$;
"""
ADDED_BEFORE = ADDED.replace(", created_at, decided_at", "").replace(
    ", message.created_at, message.decided_at", ""
)

CHANGED = """
CREATE OR REPLACE FUNCTION curation_change_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE curation_entry SET state = NEW.state, language = NEW.language,
        author_id = NEW.author_id, guideline_id = NEW.guideline_id, origin = NEW.origin,
        created_at = NEW.created_at, decided_at = NEW.decided_at
    WHERE message_id = NEW.id;
    RETURN NULL;
END
$$;
DROP TRIGGER curation_entry_changed ON curation_message;
CREATE TRIGGER curation_entry_changed
AFTER UPDATE OF state, language, author_id, guideline_id, origin, created_at, decided_at
ON curation_message
FOR EACH ROW WHEN (
    (OLD.state, OLD.language, OLD.author_id, OLD.guideline_id, OLD.origin,
        OLD.created_at, OLD.decided_at)
    IS DISTINCT FROM
    (NEW.state, NEW.language, NEW.author_id, NEW.guideline_id, NEW.origin,
        NEW.created_at, NEW.decided_at)
) EXECUTE FUNCTION curation_change_entry();
"""

CHANGED_BEFORE = """
CREATE OR REPLACE FUNCTION curation_change_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE curation_entry SET state = NEW.state, language = NEW.language,
        author_id = NEW.author_id, guideline_id = NEW.guideline_id, origin = NEW.origin
    WHERE message_id = NEW.id;
    RETURN NULL;
END
$$;
DROP TRIGGER curation_entry_changed ON curation_message;
CREATE TRIGGER curation_entry_changed
AFTER UPDATE OF state, language, author_id, guideline_id, origin ON curation_message
FOR EACH ROW WHEN (
    (OLD.state, OLD.language, OLD.author_id, OLD.guideline_id, OLD.origin)
    IS DISTINCT FROM
    (NEW.state, NEW.language, NEW.author_id, NEW.guideline_id, NEW.origin)
) EXECUTE FUNCTION curation_change_entry();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("curation", "0020_neighbours"),
    ]

    operations = [
        migrations.AddField(
            model_name="entry",
            name="created_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name="entry",
            name="decided_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(fields=["created_at"], name="review_by_time"),
        ),
        migrations.AddIndex(
            model_name="ballot",
            index=models.Index(fields=["created_at"], name="ballot_by_time"),
        ),
        migrations.RunSQL(ADDED + CHANGED, ADDED_BEFORE + CHANGED_BEFORE),
    ]
