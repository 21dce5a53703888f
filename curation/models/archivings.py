"""An archive in the making, or made: asked for by a curator, written by a worker."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from curation.models.datasets import Dataset


class ArchivingQuerySet(models.QuerySet["Archiving"]):
    def active(self) -> ArchivingQuerySet:
        return self.filter(state__in=["waiting", "running"])

    def ended(self) -> ArchivingQuerySet:
        return self.exclude(ended_at=None)

    def kept(self) -> ArchivingQuerySet:
        """Whose file is there."""
        return self.filter(state="made", forgotten_at=None)

    def outdated(self) -> ArchivingQuerySet:
        return self.kept().filter(ended_at__lt=now() - Archiving.KEPT)

    def for_listing(self) -> ArchivingQuerySet:
        return self.select_related("asked_by").order_by("-pk")


class Archiving(models.Model):
    """The row is the queue and the progress; only `actions/archives.py` writes it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        MADE = "made", _("Made")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    # It is full of people's words: nobody who forgot it should have it for ever.
    KEPT: ClassVar[timedelta] = timedelta(days=7)

    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="archivings"
    )
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    has_names = models.BooleanField(default=True)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    # Raised by each claim: a worker that was taken for dead writes nothing any more.
    attempt = models.PositiveSmallIntegerField(default=0)
    done = models.PositiveBigIntegerField(default=0, help_text="Rows written.")
    of = models.PositiveBigIntegerField(default=0, help_text="Rows in all.")
    why = models.CharField(max_length=300, blank=True)
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes of the file.")
    sha256 = models.CharField(max_length=64, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(default=now)
    beat_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    forgotten_at = models.DateTimeField(
        null=True, blank=True, help_text="When its file was destroyed."
    )

    objects = ArchivingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dataset"],
                condition=Q(state__in=["waiting", "running"]),
                name="archiving_one_at_a_time",
            ),
            models.CheckConstraint(
                name="archiving_has_its_hash_exactly_when_made",
                condition=Q(state="made", sha256__regex=r"^[0-9a-f]{64}$")
                | Q(~Q(state="made"), sha256="", forgotten_at=None),
            ),
            models.CheckConstraint(
                name="archiving_ended_at_exactly_when_ended",
                condition=Q(state__in=["waiting", "running"], ended_at=None)
                | Q(~Q(state__in=["waiting", "running"]), ended_at__isnull=False),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "dataset", "uid", "has_names", "state", "attempt", "done", "of", "why",
            "size", "sha256", "asked_by", "asked_at", "beat_at", "ended_at",
            "forgotten_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"archive {self.pk} of dataset {self.dataset_id} ({self.state})"

    @property
    def is_active(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def is_kept(self) -> bool:
        return self.state == self.State.MADE and self.forgotten_at is None

    @property
    def kept_until(self) -> datetime | None:
        return self.ended_at + self.KEPT if self.ended_at else None

    @property
    def folder(self) -> str:
        """Its name among the files of versions; each attempt has its own."""
        return f"archive-{self.uid.hex}-{self.attempt}"
