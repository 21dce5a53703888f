"""Work on a file that a person asked for and a worker does: what their rows share."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from curation.models.datasets import Dataset

ACTIVE = ("waiting", "running")


class Errand(models.Model):
    """The row is the queue and the progress; only `actions/errands.py` moves it."""

    class State(models.TextChoices):
        CHOOSING = "choosing", _("Not started")
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    # Names its folder: nothing that a person typed becomes a path.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="%(class)ss"
    )
    format = models.CharField(max_length=30, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    # Raised by each claim: a worker that was taken for dead writes nothing any more.
    attempt = models.PositiveSmallIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0, help_text="Rows or conversations so far.")
    of = models.PositiveIntegerField(default=0, help_text="In all; 0: not counted yet.")
    why = models.CharField(max_length=300, blank=True)
    has_file = models.BooleanField(default=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(default=now)
    beat_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="%(class)s_ended_at_exactly_when_ended",
                condition=Q(state__in=["choosing", *ACTIVE], ended_at=None)
                | Q(~Q(state__in=["choosing", *ACTIVE]), ended_at__isnull=False),
            ),
        ]

    class Privacy:
        withheld = {
            "id", "uid", "dataset", "format", "state", "attempt", "seen", "of", "why",
            "has_file", "asked_by", "asked_at", "beat_at", "ended_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"{self._meta.model_name} {self.pk} of {self.dataset_id} ({self.state})"

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def folder(self) -> Path:
        return Path(settings.TRANSFERS_DIR) / str(self.uid)
