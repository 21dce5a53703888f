"""What a run leaves behind: weights, a comparison, and answers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from trainer.models.runs import Run


class Checkpoint(models.Model):
    """Weights on disk, published with the state of the run in one transaction."""

    class Kind(models.TextChoices):
        ADAPTER = "adapter"

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
    """Mean loss per token of the held-out answers, by the base and by the tuned model."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="evaluation")
    loss_before = models.FloatField()
    loss_after = models.FloatField()
    tokens = models.PositiveBigIntegerField()
    examples = models.PositiveIntegerField()
    by_category = models.JSONField(
        help_text="Rows of category, examples, tokens, loss_before, loss_after."
    )
    created_at = models.DateTimeField(default=now)

    class Privacy:
        published = {
            "run", "loss_before", "loss_after", "tokens", "examples", "by_category",
            "created_at",
        }  # fmt: skip
        withheld = {"id"}

    def __str__(self) -> str:
        return f"held-out loss {self.loss_before} to {self.loss_after}"

    @property
    def change(self) -> float:
        """Percent; below zero is better."""
        return _change(self.loss_before, self.loss_after)

    def categories(self) -> list[dict[str, Any]]:
        """By category, those that gained most first."""
        rows = [
            {**row, "change": _change(row["loss_before"], row["loss_after"])}
            for row in self.by_category
        ]
        return sorted(rows, key=lambda row: row["change"])


def _change(before: float, after: float) -> float:
    return 100 * (after - before) / before if before else 0.0


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
            "run", "position", "prompt_uid", "base_text", "tuned_text",
        }  # fmt: skip
        withheld = {"id", "prompt_text"}

    def __str__(self) -> str:
        return f"sample {self.position} of run {self.run_id}"
