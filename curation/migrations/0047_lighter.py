"""No index of a table that grows begins as another does: each costs a part of every row.

To alter a key as Django does would drop its constraint and prove every row anew, while
nobody reads the table: only the index goes, and nobody waits.
"""

from django.conf import settings
from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

CASCADE, PROTECT = models.CASCADE, models.PROTECT
PERSON = settings.AUTH_USER_MODEL


def without_index(model, name, index, to, related_name, on_delete=PROTECT, **fields):
    field = models.ForeignKey(
        to, db_index=False, on_delete=on_delete, related_name=related_name, **fields
    )
    gone = f"DROP INDEX CONCURRENTLY IF EXISTS {index}"
    there = f"CREATE INDEX CONCURRENTLY {index} ON curation_{model} ({name}_id)"
    return migrations.SeparateDatabaseAndState(
        database_operations=[migrations.RunSQL(gone, there)],
        state_operations=[migrations.AlterField(model, name, field)],
    )


def maybe(*facts, **fields):
    return without_index(*facts, null=True, blank=True, **fields)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("curation", "0046_partial")]

    operations = [
        RemoveIndexConcurrently("message", "message_by_author"),
        maybe(
            "message", "author", "curation_message_author_id_9c20ebfc", PERSON, "messages"
        ),
        maybe(
            "message",
            "guideline",
            "curation_message_guideline_id_eba69c9b",
            "curation.guideline",
            "+",
        ),
        maybe(
            "message",
            "revises",
            "curation_message_revises_id_3f9bb9de",
            "curation.message",
            "revisions",
        ),
        without_index(
            "conversation",
            "dataset",
            "curation_conversation_dataset_id_293ed1ac",
            "curation.dataset",
            "conversations",
        ),
        maybe(
            "event",
            "dataset",
            "curation_event_dataset_id_9d631c70",
            "curation.dataset",
            "events",
        ),
        without_index(
            "finding",
            "message",
            "curation_finding_message_id_bb5b1f71",
            "curation.message",
            "findings",
            CASCADE,
        ),
        without_index(
            "review",
            "message",
            "curation_review_message_id_dfef385e",
            "curation.message",
            "reviews",
        ),
        without_index(
            "review", "reviewer", "curation_review_reviewer_id_d0ffe1f3", PERSON, "reviews"
        ),
        without_index(
            "label",
            "review",
            "curation_label_review_id_20a25ebc",
            "curation.review",
            "labels",
        ),
        without_index(
            "ballot",
            "prompt",
            "curation_ballot_prompt_id_039f74ef",
            "curation.message",
            "ballots",
        ),
        maybe("ballot", "ranker", "curation_ballot_ranker_id_8771eac1", PERSON, "ballots"),
        without_index(
            "ballotentry",
            "ballot",
            "curation_ballotentry_ballot_id_a3ba23d0",
            "curation.ballot",
            "entries",
        ),
        without_index(
            "versionitem",
            "version",
            "curation_versionitem_version_id_2777c157",
            "curation.datasetversion",
            "items",
        ),
        without_index(
            "versionranking",
            "version",
            "curation_versionranking_version_id_b3d8d995",
            "curation.datasetversion",
            "rankings",
        ),
    ]
