"""What was judged under an older guideline is put before people again."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from curation.models.datasets import Category, Dataset, Guideline


class SecondLook(models.Model):
    """A curator's wish. A worker carries it out, a part at a time.

    What is left to do stands with the judgements themselves: those are not set aside yet.
    """

    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="second_looks"
    )
    # In force when it was asked for: only judgements under older versions are meant.
    newest = models.ForeignKey(Guideline, on_delete=models.PROTECT, related_name="+")
    guideline = models.ForeignKey(
        Guideline,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Only under this version; empty: under all older ones.",
    )
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True, blank=True)
    reopened = models.PositiveIntegerField(default=0, help_text="Texts under review again.")
    standing = models.PositiveIntegerField(
        default=0, help_text="Verdicts set aside where others decide the same."
    )
    prompts = models.PositiveIntegerField(default=0, help_text="To be ranked again.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dataset"],
                condition=Q(ended_at=None),
                name="secondlook_one_at_a_time",
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "dataset", "newest", "guideline", "category", "asked_by", "asked_at",
            "ended_at", "reopened", "standing", "prompts",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"second look at what was judged in dataset {self.dataset_id}"
