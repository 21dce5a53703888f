"""Browse by score and by conversation; what a large dataset has is counted beforehand."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

ADDED = """
CREATE OR REPLACE FUNCTION curation_add_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO curation_entry (
        message_id, dataset_id, conversation_id, category_id, author_id, guideline_id,
        language, state, role, origin, status, checks
    )
    SELECT message.id, conversation.dataset_id, conversation.id, conversation.category_id,
        message.author_id, message.guideline_id, message.language, message.state,
        message.role, message.origin, '', '{}'
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

# What is settled is entered for the prompt and for its answers. One answer after another,
# each by its key: how many an order names, the planner can only guess.
SETTLED = """
DROP TRIGGER curation_entry_status ON curation_settlement;
DROP TRIGGER curation_entry_status_changed ON curation_settlement;
DROP FUNCTION curation_enter_status();

-- Above how many percent of the others an answer stands; of those beside it, half count.
CREATE FUNCTION curation_scores_of(places jsonb)
RETURNS TABLE (answer bigint, score smallint) LANGUAGE sql IMMUTABLE ROWS 10 AS $$
    SELECT one::bigint, CASE WHEN count(*) OVER () > 1 THEN round((
        1 + percent_rank() OVER (ORDER BY place DESC) - percent_rank() OVER (ORDER BY place)
    ) * 50)::smallint END
    FROM jsonb_array_elements(places) WITH ORDINALITY AS tied (answers, place),
        jsonb_array_elements_text(answers) AS one
$$;
CREATE FUNCTION curation_enter_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found record;
BEGIN
    IF TG_OP <> 'DELETE' THEN
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
CREATE TRIGGER curation_settlement_entered AFTER INSERT OR DELETE ON curation_settlement
FOR EACH ROW EXECUTE FUNCTION curation_enter_settlement();
CREATE TRIGGER curation_settlement_changed
AFTER UPDATE OF status, "order" ON curation_settlement
FOR EACH ROW WHEN ((OLD.status, OLD."order") IS DISTINCT FROM (NEW.status, NEW."order"))
EXECUTE FUNCTION curation_enter_settlement();
"""

RATED = """
CREATE FUNCTION curation_enter_rating() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    answer bigint := CASE TG_OP WHEN 'DELETE' THEN OLD.reply_id ELSE NEW.reply_id END;
    mean smallint := (
        SELECT round(10 * avg(rating)) FROM curation_ballotentry WHERE reply_id = answer
    );
BEGIN
    UPDATE curation_entry SET rating = mean
    WHERE message_id = answer AND rating IS DISTINCT FROM mean;
    RETURN NULL;
END
$$;
CREATE TRIGGER curation_rating_added AFTER INSERT ON curation_ballotentry
FOR EACH ROW WHEN (NEW.rating IS NOT NULL) EXECUTE FUNCTION curation_enter_rating();
CREATE TRIGGER curation_rating_removed AFTER DELETE ON curation_ballotentry
FOR EACH ROW WHEN (OLD.rating IS NOT NULL) EXECUTE FUNCTION curation_enter_rating();
CREATE TRIGGER curation_rating_changed AFTER UPDATE OF rating ON curation_ballotentry
FOR EACH ROW WHEN (OLD.rating IS DISTINCT FROM NEW.rating)
EXECUTE FUNCTION curation_enter_rating();
"""

CATEGORY = """
CREATE OR REPLACE FUNCTION curation_enter_category() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE curation_entry SET category_id = NEW.category_id WHERE conversation_id = NEW.id;
    RETURN NULL;
END
$$;
"""
CATEGORY_BEFORE = """
CREATE OR REPLACE FUNCTION curation_enter_category() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE curation_entry SET category_id = NEW.category_id
    FROM curation_message message
    WHERE message.conversation_id = NEW.id AND curation_entry.message_id = message.id;
    RETURN NULL;
END
$$;
"""

UNDONE = """
DROP TRIGGER curation_rating_changed ON curation_ballotentry;
DROP TRIGGER curation_rating_removed ON curation_ballotentry;
DROP TRIGGER curation_rating_added ON curation_ballotentry;
DROP FUNCTION curation_enter_rating();
DROP TRIGGER curation_settlement_changed ON curation_settlement;
DROP TRIGGER curation_settlement_entered ON curation_settlement;
DROP FUNCTION curation_enter_settlement();
DROP FUNCTION curation_scores_of(jsonb);
CREATE FUNCTION curation_enter_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE curation_entry SET status = '' WHERE message_id = OLD.prompt_id;
    ELSE
        UPDATE curation_entry SET status = NEW.status
        WHERE message_id = NEW.prompt_id AND status <> NEW.status;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER curation_entry_status AFTER INSERT OR DELETE ON curation_settlement
FOR EACH ROW EXECUTE FUNCTION curation_enter_status();
CREATE TRIGGER curation_entry_status_changed AFTER UPDATE OF status ON curation_settlement
FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION curation_enter_status();
"""
ADDED_BEFORE = ADDED.replace(
    "dataset_id, conversation_id, category", "dataset_id, category"
)
ADDED_BEFORE = ADDED_BEFORE.replace(
    "conversation.dataset_id, conversation.id, conversation",
    "conversation.dataset_id, conversation",
)


class Migration(migrations.Migration):
    dependencies = [("curation", "0016_browse")]

    operations = [
        migrations.AddField(
            model_name="entry",
            name="conversation",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="curation.conversation",
            ),
        ),
        migrations.AddField(
            model_name="entry",
            name="score",
            field=models.SmallIntegerField(
                help_text="Percent of the answers beside it that it stands above, as settled.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="entry",
            name="rating",
            field=models.SmallIntegerField(
                help_text="Mean of what ballots gave it, 1 to 7, in tenths.", null=True
            ),
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "dataset",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="tally",
                        serialize=False,
                        to="curation.dataset",
                    ),
                ),
                ("messages", models.PositiveBigIntegerField()),
                (
                    "table",
                    models.BinaryField(help_text="aggregate.tally.Table, packed."),
                ),
                (
                    "counted_at",
                    models.DateTimeField(default=django.utils.timezone.now),
                ),
            ],
        ),
        migrations.RunSQL(
            ADDED + SETTLED + RATED + CATEGORY, UNDONE + CATEGORY_BEFORE + ADDED_BEFORE
        ),
    ]
