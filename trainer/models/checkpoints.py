"""What a run leaves behind: weights, a comparison, and answers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from trainer.models.runs import Run

CHANCE = 0.5  # of guessing which of two answers people prefer


class Checkpoint(models.Model):
    """Weights on disk, published with the state of the run in one transaction."""

    class Kind(models.TextChoices):
        ADAPTER = "adapter"
        MODEL = "model"  # all weights: a folder that can be a base itself

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="checkpoints")
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.ADAPTER)
    path = models.CharField(
        max_length=200, unique=True, help_text="A folder under RUNS_DIR."
    )
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "kind"], name="checkpoint_once_per_kind"
            ),
            models.CheckConstraint(
                name="checkpoint_sha256", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")
            ),
        ]

    class Privacy:
        published = {"run", "kind", "sha256", "size", "created_at"}
        withheld = {"id", "path"}

    def __str__(self) -> str:
        return f"{self.kind} of run {self.run_id}"


class Evaluation(models.Model):
    """What held-out examples say of a run's model.

    The mean loss per token of the answers, by the base and by the tuned model; and where
    it learned what people prefer, in how many pairs it prefers the same, with a 95 %
    interval that draws whole conversations.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="evaluation")
    loss_before = models.FloatField(null=True, blank=True)
    loss_after = models.FloatField(null=True, blank=True)
    tokens = models.PositiveBigIntegerField(default=0)
    examples = models.PositiveIntegerField(default=0)
    by_category = models.JSONField(
        default=list,
        blank=True,
        help_text="Rows of category, examples, tokens, loss_before, loss_after.",
    )
    pairs = models.PositiveIntegerField(default=0)
    accuracy = models.FloatField(null=True, blank=True)
    accuracy_low = models.FloatField(null=True, blank=True)
    accuracy_high = models.FloatField(null=True, blank=True)
    margin = models.FloatField(
        null=True, blank=True, help_text="Of the better answer's mark over the worse one's."
    )
    report = models.JSONField(
        default=dict,
        blank=True,
        help_text="Of the pairs by_category and length; retention of what the base knew.",
    )
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="evaluation_loss_before_and_after",
                condition=Q(loss_before=None, loss_after=None)
                | Q(loss_before__isnull=False, loss_after__isnull=False),
            ),
            models.CheckConstraint(
                name="evaluation_accuracy_exactly_of_pairs",
                condition=Q(
                    pairs=0,
                    accuracy=None,
                    accuracy_low=None,
                    accuracy_high=None,
                    margin=None,
                )
                | Q(
                    pairs__gt=0,
                    accuracy__range=(0, 1),
                    accuracy_low__range=(0, 1),
                    accuracy_high__range=(0, 1),
                    margin__isnull=False,
                ),
            ),
        ]

    class Privacy:
        published = {
            "run", "loss_before", "loss_after", "tokens", "examples", "by_category",
            "pairs", "accuracy", "accuracy_low", "accuracy_high", "margin", "report",
            "created_at",
        }  # fmt: skip
        withheld = {"id"}

    def __str__(self) -> str:
        if self.has_loss:
            return f"held-out loss {self.loss_before} to {self.loss_after}"
        return f"{self.accuracy} of {self.pairs} held-out pairs"

    @property
    def has_loss(self) -> bool:
        return self.loss_after is not None

    @property
    def change(self) -> float:
        """Of the loss, in percent; below zero is better."""
        return _change(self.loss_before, self.loss_after)

    @property
    def is_above_chance(self) -> bool:
        """Whether its whole interval is."""
        return self.accuracy_low is not None and self.accuracy_low > CHANCE

    @property
    def both_fell(self) -> bool:
        """Whether the better answers became less likely, along with the worse."""
        return all(
            self.report.get(name, 0) < 0 for name in ("chosen_shift", "rejected_shift")
        )

    def categories(self) -> list[dict[str, Any]]:
        """Losses by category, those that gained most first."""
        rows = [
            {**row, "change": _change(row["loss_before"], row["loss_after"])}
            for row in self.by_category
        ]
        return sorted(rows, key=lambda row: row["change"])

    def pair_categories(self) -> list[dict[str, Any]]:
        """Accuracy by category, the best first."""
        rows = self.report.get("by_category", {}).items()
        named = [{"category": name, **row} for name, row in rows]
        return sorted(named, key=lambda row: (-row["accuracy"], row["category"]))


def _change(before: float | None, after: float | None) -> float:
    return 100 * (after - before) / before if before and after is not None else 0.0


class Score(models.Model):
    """What a model said of one held-out answer: mean loss per token, before and after."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="scores")
    message_uid = models.UUIDField()
    category = models.SlugField(blank=True)
    tokens = models.PositiveIntegerField()
    loss_before = models.FloatField()
    loss_after = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "message_uid"], name="score_once_per_answer"
            ),
        ]
        indexes = [
            # For an answer's own history: which models saw it, and what they made of it.
            models.Index(fields=["message_uid"], name="score_by_answer"),
        ]

    class Privacy:
        published = {
            "run", "message_uid", "category", "tokens", "loss_before", "loss_after",
        }  # fmt: skip
        withheld = {"id"}

    def __str__(self) -> str:
        return f"message {self.message_uid} by run {self.run_id}"


class Sample(models.Model):
    """One held-out prompt with the base's and the tuned model's answer."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="samples")
    position = models.PositiveIntegerField()
    prompt_uid = models.UUIDField()
    prompt_text = models.TextField()
    base_text = models.TextField(blank=True)
    tuned_text = models.TextField(blank=True)
    # Whether the model stopped by itself, and not at the limit; older samples do not know.
    base_ended = models.BooleanField(null=True, blank=True)
    tuned_ended = models.BooleanField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints = [
            # Also the index for the run page, which shows them in this order.
            models.UniqueConstraint(
                fields=["run", "position"], name="sample_positions_count_up"
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {
            "run", "position", "prompt_uid", "base_text", "tuned_text", "base_ended",
            "tuned_ended",
        }  # fmt: skip
        withheld = {"id", "prompt_text"}

    def __str__(self) -> str:
        return f"sample {self.position} of run {self.run_id}"
