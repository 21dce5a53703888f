"""Models that are trained again without texts that were taken back, and what came of it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trainer.models.runs import Run

ENDED = Q(state__in=["done", "failed"])


class RemovalQuerySet(models.QuerySet["Removal"]):
    def standing(self) -> RemovalQuerySet:
        """Those under way, and those that came about."""
        return self.exclude(state=Removal.State.FAILED)

    def ready(self) -> RemovalQuerySet:
        """Whose turn it is: what they come after has been trained, or will not be. Of a
        merge that is every part."""
        under_way = ["due", "started"]
        before = Q(after=None) | ~Q(after__state__in=under_way)
        parts = Removal.objects.filter(
            run__wholes__whole=OuterRef("run"), state__in=under_way
        )
        return self.filter(before, ~Exists(parts), state=Removal.State.DUE)

    def for_page(self) -> RemovalQuerySet:
        return self.select_related("run", "made", "after", "asked_by").order_by("-pk")


class Removal(models.Model):
    """One model's turn: frozen without those texts, trained, compared, put in place.

    Only `actions/removals.py` and `actions/replacements.py` write it.
    """

    class State(models.TextChoices):
        DUE = "due", gettext_lazy("Waits for its turn")
        STARTED = "started", gettext_lazy("Is trained again")
        COMPARED = "compared", gettext_lazy("Waits for a decision")
        DONE = "done", gettext_lazy("Replaced")
        FAILED = "failed", gettext_lazy("Failed")

    run = models.ForeignKey(
        Run,
        on_delete=models.PROTECT,
        related_name="removals",
        help_text="The model that saw them.",
    )
    after = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Of the model that this one goes on from: that comes first.",
    )
    state = models.CharField(max_length=8, choices=State, default=State.DUE)
    texts = models.PositiveIntegerField(help_text="So many had been taken back by then.")
    freezing = models.ForeignKey(
        "curation.Freezing", null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    made = models.OneToOneField(
        Run,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="removal",
        help_text="The model that takes its place.",
    )
    comparison = models.JSONField(
        default=dict, blank=True, help_text="Of the two, on what both were asked."
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    why = models.TextField(blank=True, help_text="A sentence; %-names are in `facts`.")
    facts = models.JSONField(default=dict, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = RemovalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run"], condition=~Q(state="failed"), name="removal_once_per_run"
            ),
            models.CheckConstraint(
                name="removal_ended_at_exactly_when_ended",
                condition=Q(ENDED, ended_at__isnull=False) | Q(~ENDED, ended_at=None),
            ),
            models.CheckConstraint(
                name="removal_says_why_exactly_when_failed",
                condition=Q(Q(state="failed"), ~Q(why="")) | Q(~Q(state="failed"), why=""),
            ),
            models.CheckConstraint(
                name="removal_made_a_model_once_it_started",
                condition=Q(state__in=["due", "failed"]) | Q(made__isnull=False),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {
            "run", "after", "state", "texts", "made", "comparison", "asked_at", "ended_at",
        }  # fmt: skip
        withheld = {
            "id", "freezing", "asked_by", "why", "facts", "attempt", "lease_until",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"removal {self.pk} of run {self.run_id}"

    @property
    def dataset_id(self) -> int:
        """Causes a query where the version was not loaded with it."""
        return self.run.dataset_id

    def said(self) -> str:
        """Why it failed, in the reader's language."""
        said: Any = _(self.why) if self.why else ""
        return str(said) % self.facts if self.facts else str(said)
