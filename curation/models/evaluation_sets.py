"""Sets that models are measured with: what is in one must not be trained on."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now


class EvaluationSet(models.Model):
    """Its runs of words as numbers. The texts themselves are not kept."""

    name = models.CharField(max_length=80, unique=True)
    items = models.PositiveIntegerField()
    packed = models.BinaryField(help_text="See clean/decontamination.py.")
    fingerprint = models.CharField(
        max_length=64, unique=True, help_text="SHA-256 of what is packed."
    )
    added_at = models.DateTimeField(default=now)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="evaluationset_has_items", condition=Q(items__gte=1)
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {"name", "items", "fingerprint"}
        withheld = {"id", "packed", "added_at", "added_by"}

    def __str__(self) -> str:
        return self.name
