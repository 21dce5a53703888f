import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotate", "0001_slots"),
        ("curation", "0004_people_and_talk"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="assignment",
            name="assignment_slot_made_once",
        ),
        migrations.AddField(
            model_name="assignment",
            name="is_ahead",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="assignment",
            name="is_gold",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="assignment",
            name="language",
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.AddField(
            model_name="assignment",
            name="reserved_for",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="skip",
            name="assignment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="annotate.assignment",
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="after_event",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="submission",
            name="fields",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="submission",
            name="undone_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="assignment",
            name="kind",
            field=models.CharField(
                choices=[
                    ("write_pair", "Write a question and its answer"),
                    ("write_prompt", "Start a conversation"),
                    ("answer", "Answer as the assistant"),
                    ("continue", "Continue as the person asking"),
                    ("review", "Review"),
                    ("rank", "Rank answers"),
                    ("compare", "Compare two answers"),
                    ("improve", "Improve an answer"),
                    ("adjudicate", "Settle a disagreement"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="assignment",
            name="priority",
            field=models.PositiveIntegerField(
                default=5000, help_text="Smaller comes first."
            ),
        ),
        migrations.AlterField(
            model_name="skip",
            name="kind",
            field=models.CharField(
                choices=[
                    ("write_pair", "Write a question and its answer"),
                    ("write_prompt", "Start a conversation"),
                    ("answer", "Answer as the assistant"),
                    ("continue", "Continue as the person asking"),
                    ("review", "Review"),
                    ("rank", "Rank answers"),
                    ("compare", "Compare two answers"),
                    ("improve", "Improve an answer"),
                    ("adjudicate", "Settle a disagreement"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="skip",
            name="message",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="curation.message",
            ),
        ),
        migrations.AddIndex(
            model_name="skip",
            index=models.Index(fields=["person", "-at"], name="skip_by_person"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["person", "-at"], name="submission_by_person"),
        ),
        migrations.CreateModel(
            name="Allotment",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("write_pair", "Write a question and its answer"),
                            ("write_prompt", "Start a conversation"),
                            ("answer", "Answer as the assistant"),
                            ("continue", "Continue as the person asking"),
                            ("review", "Review"),
                            ("rank", "Rank answers"),
                            ("compare", "Compare two answers"),
                            ("improve", "Improve an answer"),
                            ("adjudicate", "Settle a disagreement"),
                        ],
                        max_length=12,
                    ),
                ),
                ("wanted", models.PositiveIntegerField(help_text="How many tasks.")),
                ("due_on", models.DateField(blank=True, null=True)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="curation.category",
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="curation.dataset",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="allotments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("closed_at", None)),
                        fields=["person"],
                        name="allotment_running",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("wanted__gte", 1)),
                        name="allotment_wants_something",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="assignment",
            name="allotment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="slots",
                to="annotate.allotment",
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                condition=models.Q(("reserved_for__isnull", False), ("state", "open")),
                fields=["reserved_for", "priority", "id"],
                name="assignment_reserved",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                fields=(
                    "kind",
                    "dataset",
                    "category",
                    "message",
                    "ranking_round",
                    "is_gold",
                    "number",
                ),
                name="assignment_slot_made_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_ahead", False), ("state", "leased"), _connector="OR"
                ),
                name="assignment_ahead_only_while_leased",
            ),
        ),
    ]
