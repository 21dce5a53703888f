"""Messages whose verdict is known, mixed unseen into the stream of reviews."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from curation.models.conversations import Message
from curation.models.judgements import Review


class GoldItem(models.Model):
    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="gold")
    verdict = models.CharField(
        max_length=6, choices=[("accept", "accept"), ("reject", "reject")]
    )
    why = models.CharField(
        max_length=300, help_text="Shown to a reviewer who decided otherwise."
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=now)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="golditem_verdict_known",
                condition=Q(verdict__in=["accept", "reject"]),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "message", "verdict", "why", "made_by", "created_at", "retired_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"gold: {self.verdict} message {self.message_id}"


class GoldAnswer(models.Model):
    """What a reviewer said of a gold item. It is no review: the message stays as it is."""

    item = models.ForeignKey(GoldItem, on_delete=models.PROTECT, related_name="answers")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    verdict = models.CharField(max_length=6, choices=Review.Verdict)
    is_right = models.BooleanField()
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "person"], name="goldanswer_once_per_person"
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-at"], name="goldanswer_by_person"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "item", "person", "verdict", "is_right", "at"}

    def __str__(self) -> str:
        return f"{self.verdict} of {self.item}"
