"""From where things are done; the history refuses to be emptied; invitations."""

from __future__ import annotations

from typing import ClassVar

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import curation.whereabouts

# As in 0014, and from where somebody did something is forgotten with them.
REFUSE = """
CREATE OR REPLACE FUNCTION curation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'curation_event' AND TG_OP = 'UPDATE'
        AND current_setting('winnow.erasing', true) = 'on'
    THEN
        IF to_jsonb(NEW) - '{forgotten}'::text[] = to_jsonb(OLD) - '{forgotten}'::text[] THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% rows are inserted once and never changed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
"""
NOW = REFUSE.replace("{forgotten}", "{data,from_where}")
BEFORE = REFUSE.replace("{forgotten}", "{data}")
NEVER_EMPTIED = """
CREATE FUNCTION curation_refuse_emptying() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never emptied', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER curation_event_never_emptied BEFORE TRUNCATE ON curation_event
FOR EACH STATEMENT EXECUTE FUNCTION curation_refuse_emptying();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("curation", "0038_archive"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Invitation",
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
                    "email",
                    models.EmailField(
                        blank=True,
                        help_text="Empty: a link for whoever has it.",
                        max_length=254,
                    ),
                ),
                (
                    "roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("writer", "Writer"),
                                ("reviewer", "Reviewer"),
                                ("curator", "Curator"),
                                ("viewer", "Viewer"),
                            ],
                            max_length=10,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "makes_accounts",
                    models.BooleanField(
                        default=False,
                        help_text="Who has none gets an account: an admin invited.",
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("uses_at_most", models.PositiveSmallIntegerField(default=1)),
                ("uses", models.PositiveSmallIntegerField(default=0)),
                ("invited_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField()),
                ("taken_back_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="event",
            name="from_where",
            field=models.JSONField(
                blank=True, default=curation.whereabouts.here, null=True
            ),
        ),
        migrations.RunSQL(NOW, BEFORE),
        migrations.RunSQL(
            NEVER_EMPTIED,
            "DROP TRIGGER curation_event_never_emptied ON curation_event; "
            "DROP FUNCTION curation_refuse_emptying();",
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["kind", "-id"], name="event_by_kind"),
        ),
        migrations.AddField(
            model_name="invitation",
            name="dataset",
            field=models.ForeignKey(
                blank=True,
                help_text="None: an account alone.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="invitations",
                to="curation.dataset",
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="invited_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("digest__regex", "^[0-9a-f]{64}$")),
                name="invitation_digest_is_sha256",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("uses__lte", models.F("uses_at_most")), ("uses_at_most__gte", 1)
                ),
                name="invitation_used_no_more_than_it_may",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("email", ""), ("uses_at_most", 1), _connector="OR"),
                name="invitation_by_mail_is_for_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("roles__contained_by", ["writer", "reviewer", "curator", "viewer"])
                ),
                name="invitation_roles_are_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("dataset", None), ("roles__len", 0)),
                    models.Q(("dataset__isnull", False), ("roles__len__gte", 1)),
                    _connector="OR",
                ),
                name="invitation_roles_exactly_in_a_dataset",
            ),
        ),
    ]
