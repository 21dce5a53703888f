"""What people took back, and where it had gone by then."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Count, Min, Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from curation.models.conversations import Message
from curation.models.datasets import Dataset
from curation.models.versions import DatasetVersion


class Withdrawal(models.Model):
    """One text, or all of a person's texts in a dataset or everywhere. Carried out by
    actions/withdrawals.py, in the background where they are many."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Under way")
        FINISHED = "finished", _("Done")

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="withdrawals"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # Of one text. Without it, all of the dataset, and without that, all there are.
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    dataset = models.ForeignKey(
        Dataset, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    last = models.BigIntegerField(default=0, help_text="Texts up to this one are done.")
    created_at = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="withdrawal_finished_at_exactly_when_finished",
                condition=Q(state="finished", finished_at__isnull=False)
                | Q(state="queued", finished_at=None),
            ),
        ]
        indexes = [
            # For the worker, which looks for what is left to do.
            models.Index(
                fields=["id"], name="withdrawal_queued", condition=Q(state="queued")
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "person", "asked_by", "message", "dataset", "state", "total", "done",
            "last", "created_at", "finished_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"withdrawal {self.pk} ({self.state})"


class RecallQuerySet(models.QuerySet["Recall"]):
    def counted(self) -> tuple[int, int]:
        """How many texts were taken back, and how many of those are erased by now."""
        texts = Count("message", distinct=True)
        erased = Count("message", distinct=True, filter=Q(message__tombstone__isnull=False))
        found = self.aggregate(texts=texts, erased=erased)
        return found["texts"], found["erased"]

    def by_version(self) -> QuerySet[Recall, tuple[int, int, int, datetime]]:
        """A row each: the version, the same two counts, and when the first was."""
        texts = Count("message", distinct=True)
        erased = Count("message", distinct=True, filter=Q(message__tombstone__isnull=False))
        rows = self.order_by().values_list("version")
        return rows.annotate(texts=texts, erased=erased, since=Min("at"))


class Recall(models.Model):
    """A text that was taken back, in a version that holds it. Never changed."""

    version = models.ForeignKey(
        DatasetVersion, on_delete=models.PROTECT, related_name="recalls"
    )
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="recalls")
    withdrawal = models.ForeignKey(
        Withdrawal, on_delete=models.PROTECT, related_name="recalls"
    )
    at = models.DateTimeField(default=now)

    objects = RecallQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "message"], name="recall_once_per_version"
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {"version", "message", "at"}
        withheld = {"id", "withdrawal"}

    def __str__(self) -> str:
        return f"message {self.message_id} recalled from version {self.version_id}"
