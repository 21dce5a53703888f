"""Work on a file that a person asked for and a worker does: what their rows share."""

from __future__ import annotations

import shutil
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar, Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from curation import stores
from curation.models.datasets import Dataset

ACTIVE = ("waiting", "running")
UNENDED = ["choosing", *ACTIVE]

M = TypeVar("M", bound="Errand", covariant=True)


class ErrandQuerySet(models.QuerySet[M]):
    def active(self) -> Self:
        return self.filter(state__in=ACTIVE)

    def ended(self) -> Self:
        return self.exclude(ended_at=None)

    def with_file(self) -> Self:
        return self.filter(self.model.HAS_FILE)

    def outdated(self) -> Self:
        """Files of what ended long ago, was never begun, or was called off before that."""
        before = now() - self.model.kept_for()
        is_idle = Q(state="choosing", asked_at__lt=before)
        is_called_off = Q(state="cancelled", attempt=0)
        return self.with_file().filter(Q(ended_at__lt=before) | is_idle | is_called_off)

    def broken_off(self) -> Self:
        """Of which a worker may have left something, if it was killed."""
        return self.ended().exclude(state="done").filter(attempt__gt=0)

    def for_listing(self) -> Self:
        return self.select_related("asked_by").order_by("-pk")


class Errand(models.Model):
    """The row is the queue and the progress; only `actions/errands.py` moves it."""

    class State(models.TextChoices):
        CHOOSING = "choosing", _("Not started")
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    # It is there from the start, as it came, unless the kind says otherwise.
    HAS_FILE: ClassVar[Q] = Q(forgotten_at=None)
    FOLDER: ClassVar[str]  # so begins its folder's name among those of versions

    # Names its folder: nothing that a person typed becomes a path.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="%(class)ss"
    )
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    # Raised by each claim: a worker that was taken for dead writes nothing any more.
    attempt = models.PositiveSmallIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0, help_text="Rows or conversations so far.")
    of = models.PositiveIntegerField(default=0, help_text="In all; 0: not counted yet.")
    why = models.CharField(max_length=300, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(default=now)
    beat_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    forgotten_at = models.DateTimeField(
        null=True, blank=True, help_text="When its file was destroyed."
    )

    objects = ErrandQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="%(class)s_ended_at_exactly_when_ended",
                condition=Q(state__in=UNENDED, ended_at=None)
                | Q(~Q(state__in=UNENDED), ended_at__isnull=False),
            ),
        ]

    class Privacy:
        withheld = {
            "id", "uid", "dataset", "state", "attempt", "seen", "of", "why", "asked_by",
            "asked_at", "beat_at", "ended_at", "forgotten_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"{self._meta.model_name} {self.pk} of {self.dataset_id} ({self.state})"

    @classmethod
    def kept_for(cls) -> timedelta:
        return timedelta(days=settings.TRANSFER_DAYS)

    @property
    def kept_until(self) -> datetime | None:
        return self.ended_at + self.kept_for() if self.ended_at else None

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def has_file(self) -> bool:
        return self.forgotten_at is None

    @property
    def folder(self) -> Path:
        """On this disk, for one worker alone while it works: who was taken for dead may
        still be writing. Kept is nothing in it."""
        return Path(settings.TRANSFERS_DIR) / f"{self.uid}-{self.attempt}"

    @property
    def stored_as(self) -> str:
        """Its folder's name among those of versions."""
        return f"{self.FOLDER}-{self.uid.hex}"

    def destroy_files(self) -> None:
        self._empty_folders()
        stores.destroy(self.stored_as)

    def _empty_folders(self) -> None:
        """Those of all attempts, and what was kept there once."""
        for folder in Path(settings.TRANSFERS_DIR).glob(f"{self.uid}*"):
            shutil.rmtree(folder, ignore_errors=True)


class Written(Errand):
    """A file that a worker writes, and that people fetch once it is done. It lies in the
    store of versions: see actions/writing.py."""

    HAS_FILE = Q(state="done", forgotten_at=None)
    FILE: ClassVar[str]  # its name in that folder

    size = models.PositiveBigIntegerField(default=0, help_text="Bytes of the file.")
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the file.")

    class Meta(Errand.Meta):
        abstract = True
        constraints: ClassVar[list[models.BaseConstraint]] = [
            *Errand.Meta.constraints,
            models.CheckConstraint(
                name="%(class)s_has_its_digest_exactly_when_done",
                condition=Q(state="done", digest__regex=r"^[0-9a-f]{64}$")
                | Q(~Q(state="done"), digest="", forgotten_at=None),
            ),
        ]

    class Privacy:
        withheld = Errand.Privacy.withheld | {"size", "digest"}

    @property
    def has_file(self) -> bool:
        return self.state == self.State.DONE and self.forgotten_at is None

    @property
    def stored_as(self) -> str:
        """Each attempt has its own."""
        return f"{super().stored_as}-{self.attempt}"

    def destroy_files(self) -> None:
        """Of earlier attempts as well: their workers may have been killed."""
        self._empty_folders()
        for attempt in range(1, self.attempt + 1):
            stores.destroy(f"{super().stored_as}-{attempt}")
