"""Archives are errands as imports and extracts are, and all say when their file went.

contract: no release has these tables: the names that go here nobody else reads.
small: a row for each file that a curator asked for.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

UNENDED = ["choosing", "waiting", "running"]


def say_when_files_went(apps, schema_editor):
    """Nobody noted when: the end of the work is the nearest that is known."""
    for name, had_one in (("Import", Q()), ("Extract", Q(state="done"))):
        gone = apps.get_model("curation", name).objects.filter(had_one, has_file=False)
        gone.update(forgotten_at=Coalesce(F("ended_at"), Now()))


def say_done(apps, schema_editor):
    apps.get_model("curation", "Archiving").objects.filter(state="made").update(
        state="done"
    )


def say_whether_there_is_a_file(apps, schema_editor):
    for name, has_one in (("Import", Q()), ("Extract", Q(state="done"))):
        there = apps.get_model("curation", name).objects.filter(has_one, forgotten_at=None)
        there.update(has_file=True)


def say_made(apps, schema_editor):
    apps.get_model("curation", "Archiving").objects.filter(state="done").update(
        state="made"
    )


def forgotten_at():
    return models.DateTimeField(
        blank=True, help_text="When its file was destroyed.", null=True
    )


def ended_when_ended(name):
    return models.CheckConstraint(
        condition=Q(state__in=UNENDED, ended_at=None)
        | Q(~Q(state__in=UNENDED), ended_at__isnull=False),
        name=f"{name}_ended_at_exactly_when_ended",
    )


def digest_when_done(name):
    return models.CheckConstraint(
        condition=Q(state="done", digest__regex=r"^[0-9a-f]{64}$")
        | Q(~Q(state="done"), digest="", forgotten_at=None),
        name=f"{name}_has_its_digest_exactly_when_done",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("curation", "0042_transfer"),
    ]

    operations = [
        migrations.AddField("extract", "forgotten_at", forgotten_at()),
        migrations.AddField("import", "forgotten_at", forgotten_at()),
        migrations.RemoveConstraint(
            model_name="archiving", name="archiving_has_its_hash_exactly_when_made"
        ),
        migrations.RemoveConstraint(
            model_name="archiving", name="archiving_ended_at_exactly_when_ended"
        ),
        migrations.RemoveConstraint(
            model_name="extract", name="extract_has_its_digest_exactly_when_done"
        ),
        # On the way back the rows were rewritten before, so that their foreign keys are
        # looked at anew: at once, or the table could not be changed any more.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL IMMEDIATE"),
        migrations.RunPython(say_when_files_went, say_whether_there_is_a_file),
        migrations.RunPython(say_done, say_made),
        migrations.RemoveField("extract", "has_file"),
        migrations.RemoveField("import", "has_file"),
        migrations.RenameField("archiving", "sha256", "digest"),
        migrations.RenameField("archiving", "done", "seen"),
        migrations.AlterField(
            "archiving",
            "digest",
            models.CharField(blank=True, help_text="SHA-256 of the file.", max_length=64),
        ),
        migrations.AlterField(
            "archiving",
            "seen",
            models.PositiveIntegerField(
                default=0, help_text="Rows or conversations so far."
            ),
        ),
        migrations.AlterField(
            "archiving",
            "of",
            models.PositiveIntegerField(default=0, help_text="In all; 0: not counted yet."),
        ),
        migrations.AlterField(
            "archiving",
            "dataset",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="%(class)ss",
                to="curation.dataset",
            ),
        ),
        migrations.AlterField(
            "archiving",
            "state",
            models.CharField(
                choices=[
                    ("choosing", "Not started"),
                    ("waiting", "Waiting"),
                    ("running", "Running"),
                    ("done", "Done"),
                    ("failed", "Failed"),
                    ("cancelled", "Cancelled"),
                ],
                default="waiting",
                max_length=9,
            ),
        ),
        migrations.AlterField(
            "extract",
            "size",
            models.PositiveBigIntegerField(default=0, help_text="Bytes of the file."),
        ),
        migrations.AddConstraint("archiving", ended_when_ended("archiving")),
        migrations.AddConstraint("archiving", digest_when_done("archiving")),
        migrations.AddConstraint("extract", digest_when_done("extract")),
    ]
