"""Indexes of texts by what most of them have none of, in place of those that hold them all."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("curation", "0045_unasked")]

    operations = [
        AddIndexConcurrently(
            "message",
            models.Index(
                fields=["author", "-created_at"],
                name="message_by_person",
                condition=Q(author__isnull=False),
            ),
        ),
        AddIndexConcurrently(
            "message",
            models.Index(
                fields=["revises"],
                name="message_by_revised",
                condition=Q(revises__isnull=False),
            ),
        ),
        AddIndexConcurrently(
            "message",
            models.Index(
                fields=["guideline"],
                name="message_by_guideline",
                condition=Q(guideline__isnull=False),
            ),
        ),
    ]
