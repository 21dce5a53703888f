"""A version in the making: asked for by a curator, made by a worker."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from curation.models.datasets import Dataset
from curation.models.versions import DatasetVersion


class FreezingQuerySet(models.QuerySet["Freezing"]):
    def active(self) -> FreezingQuerySet:
        return self.filter(state__in=["waiting", "running"])


class Freezing(models.Model):
    """The row is the queue and the progress; only `actions/freezing.py` writes it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        FROZEN = "frozen", _("Frozen")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="freezings")
    recipe = models.JSONField()
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    # Raised by each claim: a worker that was taken for dead writes nothing any more.
    attempt = models.PositiveSmallIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0, help_text="Conversations looked at.")
    of = models.PositiveIntegerField(default=0, help_text="Conversations in all.")
    taken = models.PositiveIntegerField(default=0, help_text="Answers chosen so far.")
    why = models.CharField(max_length=300, blank=True)
    version = models.ForeignKey(
        DatasetVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="freezings",
    )
    is_new = models.BooleanField(
        default=True, help_text="Off: nothing had changed since that version."
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(default=now)
    beat_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = FreezingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dataset"],
                condition=Q(state__in=["waiting", "running"]),
                name="freezing_one_at_a_time",
            ),
            models.CheckConstraint(
                name="freezing_has_its_version_exactly_when_frozen",
                condition=Q(state="frozen", version__isnull=False)
                | Q(~Q(state="frozen"), version=None),
            ),
            models.CheckConstraint(
                name="freezing_ended_at_exactly_when_ended",
                condition=Q(state__in=["waiting", "running"], ended_at=None)
                | Q(~Q(state__in=["waiting", "running"]), ended_at__isnull=False),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {"dataset", "recipe", "state", "version"}
        withheld = {
            "id", "attempt", "seen", "of", "taken", "why", "is_new", "asked_by",
            "asked_at", "beat_at", "ended_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"freezing {self.pk} of {self.dataset_id} ({self.state})"

    @property
    def is_active(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)
