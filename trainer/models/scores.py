"""What a model makes of each accepted example, which surprise it, and what curators say."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from trainer.models.runs import Run


class ExampleScore(models.Model):
    """One model on one accepted reply. Only `actions/scores.py` writes it."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="example_scores")
    version = models.ForeignKey(
        "curation.DatasetVersion", on_delete=models.PROTECT, related_name="+"
    )
    message_uid = models.UUIDField()
    prompt_uid = models.UUIDField(null=True, blank=True)
    category = models.SlugField(blank=True)
    tokens = models.PositiveIntegerField()
    # Means over the tokens of the reply.
    loss_base = models.FloatField()
    loss_tuned = models.FloatField()
    loss_alone = models.FloatField(help_text="By the tuned model, not told the prompt.")
    reward = models.FloatField(null=True, blank=True)
    rewarded_by = models.ForeignKey(
        Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            # Also the index for all scores of a model.
            models.UniqueConstraint(
                fields=["run", "message_uid"], name="examplescore_once_per_model"
            ),
            models.CheckConstraint(
                name="examplescore_reward_has_a_model",
                condition=Q(rewarded_by=None) | Q(reward__isnull=False),
            ),
        ]
        indexes = [
            # To forget a text, and for what models made of it.
            models.Index(fields=["message_uid"], name="examplescore_by_answer"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {
            "run", "version", "message_uid", "prompt_uid", "category", "tokens",
            "loss_base", "loss_tuned", "loss_alone", "reward", "rewarded_by",
        }  # fmt: skip
        withheld = {"id"}

    def __str__(self) -> str:
        return f"message {self.message_uid} by run {self.run_id}"


class Surprise(models.Model):
    """An example that a model did not expect. Made anew whenever the model has scored."""

    class Kind(models.TextChoices):
        DISLIKED = "disliked", _("Accepted, yet the reward model dislikes it")
        UNLEARNED = "unlearned", _("No model learns this")
        PROMPTLESS = "promptless", _("The prompt does not matter")
        KNOWN = "known", _("The base knew it already")

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="surprises")
    message_uid = models.UUIDField()
    kind = models.CharField(max_length=10, choices=Kind)
    strength = models.FloatField(help_text="The highest is shown first.")
    facts = models.JSONField(help_text="The numbers behind it: trainer/surprises.py.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "message_uid", "kind"], name="surprise_once_of_a_kind"
            ),
        ]
        indexes = [
            # For the curators' list.
            models.Index(fields=["run", "kind", "-strength"], name="surprise_listed"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "run", "message_uid", "kind", "strength", "facts"}

    def __str__(self) -> str:
        return f"{self.kind}: message {self.message_uid}"


class SecondThought(models.Model):
    """What a curator decided on a surprising example: it does not come up again."""

    class Outcome(models.TextChoices):
        FINE = "fine", _("Fine as it is")
        AGAIN = "again", _("Judged again")

    message_uid = models.UUIDField(unique=True)
    outcome = models.CharField(max_length=5, choices=Outcome)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="secondthought_outcome_known",
                condition=Q(outcome__in=["fine", "again"]),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "message_uid", "outcome", "by", "at"}

    def __str__(self) -> str:
        return f"{self.outcome}: message {self.message_uid}"
