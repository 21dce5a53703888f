"""Entries that are right from the first: of a prompt and answers that are settled already.

An import writes what its ballots add up to before the messages. That used to be entered
afterwards, row by row, and each time anew in the indexes of the entries.
"""

from django.db import migrations

# Whatever the sizes that the planner knows of: a row is found by its key. Its plan may be
# made for the first rows of an empty database, and is kept for a whole file.
BY_KEY = """
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
"""

ADDED = """
CREATE OR REPLACE FUNCTION curation_add_entries() RETURNS trigger LANGUAGE plpgsql
{settings} AS $$
BEGIN
    INSERT INTO curation_entry (
        message_id, dataset_id, conversation_id, category_id, author_id, guideline_id,
        language, state, role, origin, status, checks, created_at, decided_at{score}
    )
    SELECT message.id, conversation.dataset_id, conversation.id, conversation.category_id,
        message.author_id, message.guideline_id, message.language, message.state,
        message.role, message.origin, {status}, '{{}}', message.created_at,
        message.decided_at{scored}
    FROM added message
    JOIN curation_conversation conversation ON conversation.id = message.conversation_id
    {settled};
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
ADDED_NOW = ADDED.format(
    settings=BY_KEY,
    score=", score",
    status="coalesce(settled.status, '')",
    scored=""", (
            SELECT placed.score
            FROM curation_settlement above, curation_scores_of(above."order") placed
            WHERE above.prompt_id = message.parent_id AND placed.answer = message.id
        )""",
    settled="LEFT JOIN curation_settlement settled ON settled.prompt_id = message.id",
)
ADDED_BEFORE = ADDED.format(settings="", score="", status="''", scored="", settled="")

# Before its prompt is there, its answers are not either.
ENTERED = """
CREATE OR REPLACE FUNCTION curation_enter_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found record;
BEGIN
{early}    IF TG_OP <> 'DELETE' THEN
        UPDATE curation_entry SET status = NEW.status
        WHERE message_id = NEW.prompt_id AND status <> NEW.status;
    ELSE
        UPDATE curation_entry SET status = '' WHERE message_id = OLD.prompt_id;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        FOR found IN SELECT answer FROM curation_scores_of(OLD."order") LOOP
            UPDATE curation_entry SET score = NULL
            WHERE message_id = found.answer AND score IS NOT NULL AND (
                TG_OP = 'DELETE'
                OR found.answer NOT IN (SELECT answer FROM curation_scores_of(NEW."order"))
            );
        END LOOP;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        FOR found IN SELECT answer, score FROM curation_scores_of(NEW."order") LOOP
            UPDATE curation_entry SET score = found.score
            WHERE message_id = found.answer AND score IS DISTINCT FROM found.score;
        END LOOP;
    END IF;
    RETURN NULL;
END
$$;
"""
ENTERED_NOW = ENTERED.format(
    early="""    IF TG_OP = 'INSERT' AND NOT EXISTS (
        SELECT FROM curation_entry WHERE message_id = NEW.prompt_id
    ) THEN
        RETURN NULL;
    END IF;
"""
)


class Migration(migrations.Migration):
    dependencies = [("curation", "0041_door")]

    operations = [
        migrations.RunSQL(ADDED_NOW + ENTERED_NOW, ADDED_BEFORE + ENTERED.format(early="")),
    ]
