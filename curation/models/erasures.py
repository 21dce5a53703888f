"""Whose words were destroyed, and what is left in their place."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from curation.models.conversations import Message


class Erasure(models.Model):
    """A person asked to be erased, or an admin did it for them."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="erasure"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(default=now)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    done_at = models.DateTimeField(null=True, blank=True)
    texts = models.PositiveIntegerField(default=0)
    versions = models.PositiveIntegerField(default=0, help_text="That hold some of them.")

    class Meta:
        indexes = [
            # For the page of admins: who waits.
            models.Index(
                fields=["asked_at"], name="erasure_waiting", condition=Q(done_at=None)
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "person", "asked_by", "asked_at", "done_by", "done_at", "texts",
            "versions",
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
