"""Known items, mixed unseen into the work: verdicts on messages, orders of answers."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
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


class GoldRankingQuerySet(models.QuerySet["GoldRanking"]):
    def in_use(self) -> GoldRankingQuerySet:
        return self.filter(retired_at=None)


class GoldRanking(models.Model):
    """A prompt of which it is known how its answers stand to each other.

    Groups of equal answers, best first: what is in one group, people may order as they
    like. So [[best], [all others]] says only which is the best.
    """

    prompt = models.OneToOneField(
        Message, on_delete=models.PROTECT, related_name="gold_ranking"
    )
    order = models.JSONField(help_text="Groups of message ids, best first.")
    answers = ArrayField(
        models.BigIntegerField(), help_text="All of them: while they are what is ranked."
    )
    why = models.CharField(
        max_length=300, help_text="Shown to a person who ordered them otherwise."
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=now)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = GoldRankingQuerySet.as_manager()

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "prompt", "order", "answers", "why", "made_by", "created_at",
            "retired_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"gold: answers to message {self.prompt_id}"


class GoldBallot(models.Model):
    """How a person ordered them. It is no ballot: the prompt stays as it is settled."""

    item = models.ForeignKey(GoldRanking, on_delete=models.PROTECT, related_name="given")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    places = models.JSONField(
        default=dict, help_text="Message id to place, 1 is best; empty: none is good."
    )
    right = models.FloatField(
        help_text="The share of the known pairs that they ordered as expected, 0 to 1."
    )
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "person"], name="goldballot_once_per_person"
            ),
            models.CheckConstraint(
                name="goldballot_right_is_a_share",
                condition=Q(right__gte=0, right__lte=1),
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-at"], name="goldballot_by_person"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "item", "person", "places", "right", "at"}

    def __str__(self) -> str:
        return f"{self.right:.2f} of {self.item}"
