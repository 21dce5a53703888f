"""What became of a version: the models that learned from it, and how they fared."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from curation.models.versions import DatasetVersion


class ModelReportQuerySet(models.QuerySet["ModelReport"]):
    def of_model(self, source: str) -> ModelReportQuerySet:
        """A model under each version whose texts are in its weights, its own first."""
        own = source.partition("/")[0]
        theirs = Q(source=own) | Q(source__startswith=f"{own}/")
        return self.filter(theirs).order_by("pk")


class ModelReport(models.Model):
    """One trained model, as its trainer tells it. `generator` is what it signs with.

    Where it goes on from models of other versions, there is a row for each of those, too:
    its source is the model's own, a stroke, and the version's number.
    """

    version = models.ForeignKey(
        DatasetVersion, on_delete=models.PROTECT, related_name="reports"
    )
    # Who launched it: told when a text that it learned from is taken back.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    source = models.CharField(max_length=80, unique=True, help_text="The trainer's own id.")
    name = models.CharField(max_length=120)
    generator = models.CharField(max_length=120)
    address = models.CharField(max_length=200, blank=True)
    method = models.CharField(
        max_length=60, blank=True, help_text="How it learned, in English; pages translate."
    )
    examples = models.PositiveIntegerField(default=0)
    held_out_loss_before = models.FloatField(null=True, blank=True)
    held_out_loss = models.FloatField(null=True, blank=True)
    # Of held-out pairs of answers: in which share it prefers what people prefer.
    held_out_accuracy = models.FloatField(null=True, blank=True)
    finished_at = models.DateTimeField(default=now)
    replaced_by = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Trained again without texts that were taken back.",
    )

    objects = ModelReportQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["generator"], name="modelreport_by_generator"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {
            "version", "name", "generator", "method", "examples", "held_out_loss_before",
            "held_out_loss", "held_out_accuracy", "finished_at", "replaced_by",
        }  # fmt: skip
        withheld = {"id", "owner", "source", "address"}

    def __str__(self) -> str:
        return self.name
