"""Two models against each other before people, until it is settled."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from trainer.models.bases import BaseModel
from trainer.models.runs import Run


class ContestQuerySet(models.QuerySet["Contest"]):
    def for_listing(self) -> ContestQuerySet:
        joined = self.select_related(
            "version__dataset", "left__base", "right__base", "base", "created_by"
        )
        return joined.order_by("-created_at", "-pk")


class Contest(models.Model):
    """One arena. Only `actions/contests.py` writes it.

    Each model is a run's, or where that is empty the base alone.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Under way")
        SETTLED = "settled", _("Settled")
        SPENT = "spent", _("Undecided")
        STOPPED = "stopped", _("Stopped")

    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    version = models.ForeignKey(
        "curation.DatasetVersion", on_delete=models.PROTECT, related_name="+"
    )
    base = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="+")
    left = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="contests")
    right = models.ForeignKey(
        Run,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="None: the base alone.",
    )
    confidence = models.FloatField(
        default=0.95, validators=[MinValueValidator(0.5), MaxValueValidator(0.999)]
    )
    budget = models.PositiveSmallIntegerField(
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text="Prompts at most.",
    )
    choice = models.CharField(max_length=9, default="held_out")
    asked = models.PositiveSmallIntegerField(default=0, help_text="Prompts so far.")
    # When rounds came out empty: no prompt fits any more.
    is_dry = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict, blank=True, help_text="As it stood at the end.")

    objects = ContestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="contest_state_known",
                condition=Q(state__in=["open", "settled", "spent", "stopped"]),
            ),
            models.CheckConstraint(
                name="contest_ended_at_exactly_when_ended",
                condition=Q(state="open", ended_at=None)
                | Q(~Q(state="open"), ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="contest_of_two",
                condition=Q(right=None) | ~Q(right=models.F("left")),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {
            "id", "state", "version", "base", "left", "right", "confidence", "budget",
            "asked", "result", "ended_at",
        }  # fmt: skip
        withheld = {"choice", "is_dry", "created_by", "created_at"}

    def __str__(self) -> str:
        return f"contest {self.pk}"

    @property
    def dataset_id(self) -> int:
        """Causes a query where the version was not loaded with it."""
        return self.version.dataset_id

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def names(self) -> tuple[str, str]:
        """What the answers of the two are signed with."""
        right = self.right.signature if self.right else self.base.slug
        return self.left.signature, right
