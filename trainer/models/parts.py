"""Which adapters were merged into which."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from trainer.models.runs import Run


class Part(models.Model):
    """A run whose adapter went into a merged one. Only `actions/merges.py` writes it."""

    whole = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="parts")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="wholes")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["whole", "run"], name="part_once_in_a_whole"),
            models.CheckConstraint(name="part_of_another", condition=~Q(whole=F("run"))),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {"whole", "run", "position"}
        withheld = {"id"}

    def __str__(self) -> str:
        return f"run {self.run_id} in run {self.whole_id}"
