"""Which text was looked at by which version of each check. Narrow: workers walk it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from curation.models.conversations import Message
from curation.models.datasets import Dataset


class InspectionQuerySet(models.QuerySet["Inspection"]):
    def outdated(self, dataset: Dataset, digest: str) -> InspectionQuerySet:
        """Of which another digest is wanted. Two ranges of the index, mostly empty."""
        return self.filter(Q(digest__lt=digest) | Q(digest__gt=digest), dataset=dataset)


class Inspection(models.Model):
    """Written by workers only: who submits a text waits for no row of this."""

    message = models.OneToOneField(
        Message, primary_key=True, on_delete=models.CASCADE, related_name="inspection"
    )
    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Of an `Inspector`; empty where no worker has looked yet.
    digest = models.CharField(max_length=12, blank=True)
    # What it was declared to be stands in the message.
    detected_language = models.CharField(max_length=12, blank=True)
    detected_score = models.FloatField(null=True, blank=True)
    # Since when a worker is at it, or since when a check that could not look is left alone.
    tried_at = models.DateTimeField(null=True, blank=True)

    objects = InspectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="inspection_detected_score_in_range",
                condition=Q(detected_score=None)
                | Q(detected_score__gte=0, detected_score__lte=1),
            ),
        ]
        indexes = [
            # For what is outdated: of a dataset, before and after the digest of now, and
            # onwards from one text.
            models.Index(
                fields=["dataset", "digest", "message"], name="inspection_by_digest"
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {"message", "detected_language", "detected_score"}
        withheld = {"dataset", "digest", "tried_at"}

    def __str__(self) -> str:
        return f"inspection of message {self.message_id}"


class Inspector(models.Model):
    """The versions that a digest stands for, once for all texts that they looked at."""

    digest = models.CharField(max_length=12, primary_key=True)
    versions = models.JSONField(help_text="Name of a check: its version.")

    class Privacy:
        published: ClassVar[set[str]] = {"digest", "versions"}
        withheld: ClassVar[set[str]] = set()

    def __str__(self) -> str:
        return self.digest
