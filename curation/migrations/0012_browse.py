"""What the browse page looks for: narrow tables, and the triggers that keep them."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# A statement's rows at once: an import of thousands pays once, a person's text as little.
ADDED = """
CREATE FUNCTION curation_add_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO curation_entry (
        message_id, dataset_id, category_id, author_id, guideline_id, language, state,
        role, origin, status, checks
    )
    SELECT message.id, conversation.dataset_id, conversation.category_id,
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
CREATE TRIGGER curation_entry_added AFTER INSERT ON curation_message
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION curation_add_entries();
"""

# The parser makes no word with a colon, so nobody can type the one of a dataset.
WORDS = """
CREATE FUNCTION curation_words_of(body text, context text, dataset bigint)
RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT to_tsvector('simple', body || ' ' || context)
        || array_to_tsvector(ARRAY['d:' || dataset])
$$;
"""

CHANGED = """
CREATE FUNCTION curation_change_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE curation_entry SET state = NEW.state, language = NEW.language,
        author_id = NEW.author_id, guideline_id = NEW.guideline_id, origin = NEW.origin
    WHERE message_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER curation_entry_changed AFTER UPDATE ON curation_message
FOR EACH ROW WHEN (
    (OLD.state, OLD.language, OLD.author_id, OLD.guideline_id, OLD.origin)
    IS DISTINCT FROM
    (NEW.state, NEW.language, NEW.author_id, NEW.guideline_id, NEW.origin)
) EXECUTE FUNCTION curation_change_entry();

CREATE FUNCTION curation_change_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE curation_words SET words = curation_words_of(
        NEW.text, NEW.context, entry.dataset_id
    )
    FROM curation_entry entry
    WHERE entry.message_id = NEW.id AND curation_words.message_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER curation_words_changed AFTER UPDATE ON curation_message
FOR EACH ROW WHEN (OLD.text <> NEW.text OR OLD.context <> NEW.context)
EXECUTE FUNCTION curation_change_words();
"""

REMOVED = """
CREATE FUNCTION curation_remove_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM curation_entry WHERE message_id = OLD.id;
    DELETE FROM curation_words WHERE message_id = OLD.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER curation_entry_removed AFTER DELETE ON curation_message
FOR EACH ROW EXECUTE FUNCTION curation_remove_entry();
"""

AROUND = """
CREATE FUNCTION curation_enter_category() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE curation_entry SET category_id = NEW.category_id
    FROM curation_message message
    WHERE message.conversation_id = NEW.id AND curation_entry.message_id = message.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER curation_entry_category AFTER UPDATE ON curation_conversation
FOR EACH ROW WHEN (OLD.category_id IS DISTINCT FROM NEW.category_id)
EXECUTE FUNCTION curation_enter_category();

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
CREATE TRIGGER curation_entry_status AFTER INSERT OR UPDATE OR DELETE
ON curation_settlement FOR EACH ROW EXECUTE FUNCTION curation_enter_status();

-- Of "context.personal_data.email", the check alone.
CREATE FUNCTION curation_check_of(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT split_part(regexp_replace(name, '^context[.]', ''), '.', 1)
$$;
CREATE FUNCTION curation_enter_checks() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    one bigint := CASE TG_OP WHEN 'DELETE' THEN OLD.message_id ELSE NEW.message_id END;
BEGIN
    UPDATE curation_entry SET checks = ARRAY(
        SELECT DISTINCT curation_check_of(check_name) FROM curation_finding
        WHERE message_id = one ORDER BY 1
    )
    WHERE message_id = one;
    RETURN NULL;
END
$$;
CREATE TRIGGER curation_entry_checks AFTER INSERT OR UPDATE OR DELETE
ON curation_finding FOR EACH ROW EXECUTE FUNCTION curation_enter_checks();
"""

# Planned for the words at hand: frequent ones are met soon going through the newest, rare
# ones only by their index. What is looked for lies in memory, or should.
FOUND = """
CREATE FUNCTION curation_words_found(wanted tsquery, before bigint, at_most integer)
RETURNS SETOF bigint LANGUAGE plpgsql STABLE
SET random_page_cost = 1.1
SET jit = off
AS $$
BEGIN
    RETURN QUERY EXECUTE
        'SELECT message_id FROM curation_words WHERE words @@ $1 AND message_id < $2 '
        'ORDER BY message_id DESC LIMIT $3'
        USING wanted, before, at_most;
END
$$;
"""

UNDONE = """
DROP FUNCTION curation_words_found(tsquery, bigint, integer);
DROP TRIGGER curation_entry_checks ON curation_finding;
DROP TRIGGER curation_entry_status ON curation_settlement;
DROP TRIGGER curation_entry_category ON curation_conversation;
DROP TRIGGER curation_entry_removed ON curation_message;
DROP TRIGGER curation_words_changed ON curation_message;
DROP TRIGGER curation_entry_changed ON curation_message;
DROP TRIGGER curation_entry_added ON curation_message;
DROP FUNCTION curation_enter_checks();
DROP FUNCTION curation_check_of(text);
DROP FUNCTION curation_enter_status();
DROP FUNCTION curation_enter_category();
DROP FUNCTION curation_remove_entry();
DROP FUNCTION curation_change_words();
DROP FUNCTION curation_change_entry();
DROP FUNCTION curation_add_entries();
DROP FUNCTION curation_words_of(text, text, bigint);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("curation", "0011_moderation"),
    ]

    operations = [
        migrations.CreateModel(
            name="Words",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="words",
                        serialize=False,
                        to="curation.message",
                    ),
                ),
                ("words", django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                "verbose_name_plural": "words",
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["words"], name="words_of_messages"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="entry",
                        serialize=False,
                        to="curation.message",
                    ),
                ),
                ("language", models.CharField(max_length=12)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("submitted", "Waiting for review"),
                            ("accepted", "Accepted"),
                            ("rejected", "Rejected"),
                            ("held", "Held"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("prompter", "Prompter"), ("assistant", "Assistant")],
                        max_length=9,
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("person", "Person"),
                            ("model", "Model"),
                            ("import", "Import"),
                        ],
                        max_length=6,
                    ),
                ),
                ("status", models.CharField(blank=True, default="", max_length=12)),
                (
                    "checks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="curation.category",
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="curation.dataset",
                    ),
                ),
                (
                    "guideline",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="curation.guideline",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "entries",
                "indexes": [
                    models.Index(fields=["dataset", "-message"], name="entry_by_dataset"),
                    models.Index(
                        fields=["dataset", "state", "-message"], name="entry_by_state"
                    ),
                    models.Index(
                        fields=["dataset", "author", "-message"], name="entry_by_author"
                    ),
                    models.Index(
                        condition=models.Q(("checks", []), _negated=True),
                        fields=["dataset", "-message"],
                        name="entry_with_findings",
                    ),
                    models.Index(
                        condition=models.Q(("status", ""), _negated=True),
                        fields=["dataset", "status", "-message"],
                        name="entry_by_status",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "query",
                    models.CharField(
                        blank=True,
                        help_text="As in the address of the page.",
                        max_length=1000,
                    ),
                ),
                ("is_shared", models.BooleanField(default=False)),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_views",
                        to="curation.dataset",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("dataset", "owner", "name"),
                        name="savedview_name_once_per_person",
                    )
                ],
            },
        ),
        migrations.RunSQL(WORDS + ADDED + CHANGED + REMOVED + AROUND + FOUND, UNDONE),
    ]
