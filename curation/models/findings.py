"""What automatic checks saw. Advice to writer and reviewer, never a verdict."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from curation.models.conversations import Message


class Finding(models.Model):
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="findings")
    check_name = models.CharField(max_length=40)
    check_version = models.PositiveSmallIntegerField()
    score = models.FloatField(help_text="0 to 1: how sure the check is.")
    spans = models.JSONField(default=list, help_text="Pairs of offsets into the text.")
    advice = models.CharField(max_length=300)
    # Of a near-duplicate: the message that was there.
    other = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "check_name", "check_version"],
                name="finding_once_per_check",
            ),
            models.CheckConstraint(
                name="finding_score_in_range", condition=Q(score__gte=0, score__lte=1)
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {"message", "check_name", "check_version", "score"}
        withheld = {"id", "spans", "advice", "other", "created_at"}

    def __str__(self) -> str:
        return f"{self.check_name} in message {self.message_id}"
