"""Whose words were destroyed, and what is left in their place."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from curation.models.conversations import Message


class ErasureQuerySet(models.QuerySet["Erasure"]):
    def under_way(self) -> ErasureQuerySet:
        """An admin ordered these, and a worker has not done them yet."""
        return self.filter(ordered_at__isnull=False, done_at=None)

    def to_look_after(self) -> ErasureQuerySet:
        """Done some time ago: whatever was being sent just then has arrived by now."""
        return self.filter(done_at__lt=now() - Erasure.LATE, swept_at=None)


class Erasure(models.Model):
    """A person asked to be erased, or an admin did it for them. The row is the queue:
    see actions/erasure.py."""

    LATE: ClassVar[timedelta] = timedelta(hours=1)

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="erasure"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(default=now)
    ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    ordered_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    # When what arrived late was looked for, too.
    swept_at = models.DateTimeField(null=True, blank=True)
    texts = models.PositiveIntegerField(default=0, help_text="Their own, to destroy.")
    versions = models.PositiveIntegerField(default=0, help_text="That hold some of them.")

    objects = ErasureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="erasure_ordered_all_or_nothing",
                condition=Q(ordered_at=None, ordered_by=None)
                | Q(ordered_at__isnull=False, ordered_by__isnull=False),
            ),
            models.CheckConstraint(
                name="erasure_done_when_ordered",
                condition=Q(done_at=None) | Q(ordered_at__isnull=False),
            ),
        ]
        indexes = [
            # For the page of admins: who waits.
            models.Index(
                fields=["asked_at"], name="erasure_waiting", condition=Q(done_at=None)
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "person", "asked_by", "asked_at", "ordered_by", "ordered_at", "done_at",
            "swept_at", "texts", "versions",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"erasure {self.pk}"


class Tombstone(models.Model):
    """Of a message whose words are destroyed: the row stays, so that lists still add up."""

    TEXT: ClassVar[str] = "[erased]"  # stands where the words stood

    message = models.OneToOneField(
        Message, primary_key=True, on_delete=models.PROTECT, related_name="tombstone"
    )
    erasure = models.ForeignKey(
        Erasure, on_delete=models.PROTECT, related_name="tombstones"
    )
    at = models.DateTimeField(default=now)

    class Privacy:
        published: ClassVar[set[str]] = {"message", "at"}
        withheld = {"erasure"}

    def __str__(self) -> str:
        return f"message {self.message_id} erased"
