"""Erasure is ordered, then done by a worker, and looked after once more."""

from django.db import migrations, models

ORDERED_WHEN_DONE = "UPDATE curation_erasure SET ordered_at = done_at"


class Migration(migrations.Migration):
    dependencies = [
        ("curation", "0023_judgement"),
    ]

    operations = [
        migrations.RenameField("erasure", "done_by", "ordered_by"),
        migrations.AddField(
            model_name="erasure",
            name="ordered_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="erasure",
            name="swept_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="erasure",
            name="texts",
            field=models.PositiveIntegerField(
                default=0, help_text="Their own, to destroy."
            ),
        ),
        migrations.RunSQL(ORDERED_WHEN_DONE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ordered_at", None), ("ordered_by", None)),
                    models.Q(("ordered_at__isnull", False), ("ordered_by__isnull", False)),
                    _connector="OR",
                ),
                name="erasure_ordered_all_or_nothing",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("done_at", None), ("ordered_at__isnull", False), _connector="OR"
                ),
                name="erasure_done_when_ordered",
            ),
        ),
    ]
