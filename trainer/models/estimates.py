"""What a run was expected to take, beside what it took."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from trainer.models.runs import Run


class Estimate(models.Model):
    """Written with the run. How long it took, its attempts say; `peak` comes as it runs."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="estimate")
    seconds = models.FloatField(null=True, blank=True)
    seconds_least = models.FloatField(null=True, blank=True)
    seconds_most = models.FloatField(null=True, blank=True)
    memory = models.PositiveBigIntegerField(null=True, blank=True, help_text="Bytes.")
    as_run = models.ForeignKey(
        Run,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The newest of those that it was judged by.",
    )
    of_runs = models.PositiveSmallIntegerField(default=0)
    peak = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Bytes, in truth."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="estimate_in_its_bounds",
                condition=Q(seconds=None)
                | Q(
                    seconds_least__lte=models.F("seconds"),
                    seconds_most__gte=models.F("seconds"),
                ),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "run", "seconds", "seconds_least", "seconds_most", "memory", "as_run",
            "of_runs", "peak",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"estimate of run {self.run_id}"
