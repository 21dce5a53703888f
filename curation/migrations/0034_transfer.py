"""Files that come in and go out in the browser, with how far each is."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import curation.models.exports


class Migration(migrations.Migration):
    dependencies = [
        ("curation", "0033_ops"),
    ]

    operations = [
        migrations.CreateModel(
            name="Import",
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
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("format", models.CharField(blank=True, max_length=30)),
                (
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
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                (
                    "seen",
                    models.PositiveIntegerField(
                        default=0, help_text="Rows or conversations so far."
                    ),
                ),
                (
                    "of",
                    models.PositiveIntegerField(
                        default=0, help_text="In all; 0: not counted yet."
                    ),
                ),
                ("why", models.CharField(blank=True, max_length=300)),
                ("has_file", models.BooleanField(default=False)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("beat_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("file_name", models.CharField(max_length=120)),
                ("size", models.BigIntegerField(help_text="Bytes, as it came.")),
                ("kind", models.CharField(max_length=7)),
                (
                    "encoding",
                    models.CharField(
                        blank=True, help_text="Where it was guessed.", max_length=10
                    ),
                ),
                (
                    "mapping",
                    models.JSONField(default=dict, help_text="The column of each field."),
                ),
                (
                    "as_state",
                    models.CharField(
                        choices=[
                            ("accepted", "Accepted as they are"),
                            ("submitted", "Reviewed by people first"),
                        ],
                        default="accepted",
                        max_length=9,
                    ),
                ),
                ("trees", models.PositiveIntegerField(default=0)),
                ("misread", models.PositiveIntegerField(default=0)),
                ("conversations", models.PositiveIntegerField(default=0)),
                ("messages", models.PositiveIntegerField(default=0)),
                ("rankings", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0)),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="curation.dataset",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at", None),
                                ("state__in", ["choosing", "waiting", "running"]),
                            ),
                            models.Q(
                                models.Q(
                                    ("state__in", ["choosing", "waiting", "running"]),
                                    _negated=True,
                                ),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="import_ended_at_exactly_when_ended",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=("dataset",),
                        name="import_one_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Refusal",
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
                ("line", models.PositiveIntegerField()),
                ("reason", models.CharField(max_length=300)),
                (
                    "of",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refusals",
                        to="curation.import",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Extract",
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
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("format", models.CharField(blank=True, max_length=30)),
                (
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
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                (
                    "seen",
                    models.PositiveIntegerField(
                        default=0, help_text="Rows or conversations so far."
                    ),
                ),
                (
                    "of",
                    models.PositiveIntegerField(
                        default=0, help_text="In all; 0: not counted yet."
                    ),
                ),
                ("why", models.CharField(blank=True, max_length=300)),
                ("has_file", models.BooleanField(default=False)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("beat_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("kind", models.CharField(max_length=7)),
                (
                    "pairs",
                    models.CharField(
                        help_text="Which answers are compared.", max_length=12
                    ),
                ),
                (
                    "is_undecided",
                    models.BooleanField(
                        default=False, help_text="What waits, or was rejected."
                    ),
                ),
                (
                    "is_renamed",
                    models.BooleanField(default=True, help_text="Names are drawn anew."),
                ),
                ("key", models.BinaryField(default=curation.models.exports.new_key)),
                ("rows", models.PositiveIntegerField(default=0)),
                ("size", models.BigIntegerField(default=0)),
                (
                    "digest",
                    models.CharField(
                        blank=True, help_text="SHA-256 of the file.", max_length=64
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
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="curation.dataset",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the record as it is.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="extracts",
                        to="curation.datasetversion",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at", None),
                                ("state__in", ["choosing", "waiting", "running"]),
                            ),
                            models.Q(
                                models.Q(
                                    ("state__in", ["choosing", "waiting", "running"]),
                                    _negated=True,
                                ),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="extract_ended_at_exactly_when_ended",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("state", "done")),
                                models.Q(("digest", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "done"), _negated=True), ("digest", "")
                            ),
                            _connector="OR",
                        ),
                        name="extract_has_its_digest_exactly_when_done",
                    ),
                ],
            },
        ),
    ]
