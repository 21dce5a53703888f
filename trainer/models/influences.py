"""Which training examples shaped a model's answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar
from uuid import UUID

from django.db import models

from trainer.models.checkpoints import Sample
from trainer.models.runs import Run


class InfluenceQuerySet(models.QuerySet["Influence"]):
    def of_texts(self, uids: Iterable[UUID]) -> InfluenceQuerySet:
        """Where one of these replies helped an answer to be what it is."""
        return self.filter(message_uid__in=uids, score__gt=0)


class Influence(models.Model):
    """One accepted reply's part in one sampled answer; only the strongest are kept."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="influences")
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="influences")
    message_uid = models.UUIDField()
    score = models.FloatField(help_text="Above zero: it made the answer likelier.")
    share = models.FloatField(help_text="Of all influence on this answer, 0 to 1.")

    objects = InfluenceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-score"]
        constraints = [
            models.UniqueConstraint(
                fields=["sample", "message_uid"], name="influence_once_per_answer_and_text"
            ),
        ]
        indexes = [
            # For a person's own texts.
            models.Index(fields=["message_uid"], name="influence_by_text"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {"run", "message_uid", "score", "share"}
        withheld = {"id", "sample"}

    def __str__(self) -> str:
        return f"message {self.message_uid} on {self.sample}"
