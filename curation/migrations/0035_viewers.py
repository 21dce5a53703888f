"""A fourth role: who looks on."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("curation", "0034_transfer")]

    operations: ClassVar = [
        migrations.RemoveConstraint(model_name="membership", name="membership_role_known"),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(
                choices=[
                    ("writer", "Writer"),
                    ("reviewer", "Reviewer"),
                    ("curator", "Curator"),
                    ("viewer", "Viewer"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                name="membership_role_known",
                condition=models.Q(role__in=["writer", "reviewer", "curator", "viewer"]),
            ),
        ),
    ]
