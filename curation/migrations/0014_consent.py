"""Terms and the ledger of consents; withdrawals, erasures, exports and their traces."""

from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import curation.models.exports

# What was agreed to so far, as terms of the installation; a withdrawal becomes a line.
COPY = """
INSERT INTO curation_terms (number, text, licence, uses, created_at)
SELECT row_number() OVER (ORDER BY min(at)), terms_text, '', '{}', min(at)
FROM curation_consent WHERE terms_text <> '' GROUP BY terms_version, terms_text;

UPDATE curation_consent AS consent SET terms_id = terms.id
FROM curation_terms AS terms WHERE terms.text = consent.terms_text;

DELETE FROM curation_consent WHERE terms_id IS NULL;  -- they agreed to nothing

INSERT INTO curation_consent
    (contributor_id, terms_id, act, at, terms_version, terms_text)
SELECT contributor_id, terms_id, 'withdrawn', withdrawn_at, '', ''
FROM curation_consent WHERE withdrawn_at IS NOT NULL ORDER BY id;

SET CONSTRAINTS ALL IMMEDIATE;
"""

REFUSE = """
CREATE OR REPLACE FUNCTION curation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are inserted once and never changed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
"""

# History keeps its lines, but not the words of somebody who was erased: in a transaction
# that says so, the data of an event may change, and nothing else of it.
REFUSE_BUT_ERASURE = """
CREATE OR REPLACE FUNCTION curation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'curation_event' AND TG_OP = 'UPDATE'
        AND current_setting('winnow.erasing', true) = 'on'
    THEN
        IF to_jsonb(NEW) - 'data' = to_jsonb(OLD) - 'data' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% rows are inserted once and never changed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
"""


def append_only(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION curation_refuse_change();",
        f"DROP TRIGGER {table}_append_only ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("curation", "0013_browse_fill"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="consent",
            name="consent_one_in_force_per_version",
        ),
        migrations.RemoveConstraint(
            model_name="consent",
            name="consent_withdrawn_after_given",
        ),
        migrations.RenameField(
            model_name="consent",
            old_name="given_at",
            new_name="at",
        ),
        migrations.AddField(
            model_name="consent",
            name="act",
            field=models.CharField(
                choices=[("given", "Agreed"), ("withdrawn", "Taken back")],
                default="given",
                max_length=9,
            ),
        ),
        migrations.AddField(
            model_name="modelreport",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="notification",
            name="kind",
            field=models.CharField(
                choices=[
                    ("accepted", "Accepted"),
                    ("rejected", "Rejected"),
                    ("edited", "Edited"),
                    ("held", "Held"),
                    ("mentioned", "Mentioned"),
                    ("commented", "Commented"),
                    ("complete", "Conversation complete"),
                    ("allotted", "Work given to you"),
                    ("model", "A model learned from it"),
                    ("looked_at", "Looked at what you flagged"),
                    ("removed", "Taken back by an admin"),
                    ("reopened", "Looked at once more"),
                    ("suspended", "Work paused"),
                    ("restored", "Work goes on"),
                    ("withdrawn", "Texts were taken back"),
                ],
                max_length=9,
            ),
        ),
        migrations.CreateModel(
            name="Erasure",
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
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("texts", models.PositiveIntegerField(default=0)),
                (
                    "versions",
                    models.PositiveIntegerField(
                        default=0, help_text="That hold some of them."
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "done_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasure",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at", None)),
                        fields=["asked_at"],
                        name="erasure_waiting",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Export",
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
                (
                    "made_for",
                    models.CharField(
                        help_text="Who gets it, and for what.", max_length=200
                    ),
                ),
                ("key", models.BinaryField(default=curation.models.exports.new_key)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exports",
                        to="curation.datasetversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Tombstone",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="tombstone",
                        serialize=False,
                        to="curation.message",
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "erasure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tombstones",
                        to="curation.erasure",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Withdrawal",
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
                (
                    "state",
                    models.CharField(
                        choices=[("queued", "Under way"), ("finished", "Done")],
                        default="queued",
                        max_length=8,
                    ),
                ),
                ("total", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                (
                    "last",
                    models.BigIntegerField(
                        default=0, help_text="Texts up to this one are done."
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="curation.dataset",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="curation.message",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawals",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "queued")),
                        fields=["id"],
                        name="withdrawal_queued",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", False), ("state", "finished")),
                            models.Q(("finished_at", None), ("state", "queued")),
                            _connector="OR",
                        ),
                        name="withdrawal_finished_at_exactly_when_finished",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Terms",
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
                ("number", models.PositiveIntegerField()),
                ("text", models.TextField(help_text="Markdown.")),
                (
                    "licence",
                    models.CharField(help_text="An SPDX identifier.", max_length=60),
                ),
                (
                    "uses",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("training", "Training models"),
                                ("sharing", "Handing the data to others under a contract"),
                                ("publishing", "Publishing the data"),
                            ],
                            max_length=10,
                        ),
                        size=None,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="terms",
                        to="curation.dataset",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "terms",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("dataset", "number"),
                        name="terms_numbers_count_up",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True),
                        name="terms_have_text",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Recall",
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
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recalls",
                        to="curation.message",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recalls",
                        to="curation.datasetversion",
                    ),
                ),
                (
                    "withdrawal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recalls",
                        to="curation.withdrawal",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "message"), name="recall_once_per_version"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="consent",
            name="terms",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consents",
                to="curation.terms",
            ),
        ),
        migrations.RunSQL(COPY, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="consent",
            name="terms",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consents",
                to="curation.terms",
            ),
        ),
        migrations.RemoveField(
            model_name="consent",
            name="terms_text",
        ),
        migrations.RemoveField(
            model_name="consent",
            name="terms_version",
        ),
        migrations.RemoveField(
            model_name="consent",
            name="withdrawn_at",
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(
                fields=["contributor", "terms", "id"], name="consent_by_person"
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(("act__in", ["given", "withdrawn"])),
                name="consent_act_known",
            ),
        ),
        *(
            append_only(table)
            for table in ("curation_terms", "curation_consent", "curation_recall")
        ),
        migrations.RunSQL(REFUSE_BUT_ERASURE, REFUSE),
    ]
