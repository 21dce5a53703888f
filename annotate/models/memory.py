"""What is remembered so that nobody loses a word: skips, drafts, what was sent."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from annotate.models.kinds import Kind
from curation.models import Message


class Skip(models.Model):
    """What a person passed over does not come back to them."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    # A new text has no message; such a skip is only for the person's own history.
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    assignment = models.ForeignKey(
        "annotate.Assignment",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "message"], name="skip_once_per_person"
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-at"], name="skip_by_person"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "person", "kind", "message", "assignment", "at"}

    def __str__(self) -> str:
        return f"{self.kind} of message {self.message_id} skipped"


class Draft(models.Model):
    """What a person has typed into a task so far. It outlives the lease."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts"
    )
    assignment = models.ForeignKey(
        "annotate.Assignment", on_delete=models.CASCADE, related_name="drafts"
    )
    fields = models.JSONField(help_text="Form field to text.")
    saved_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "assignment"], name="draft_one_per_person_and_task"
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "person", "assignment", "fields", "saved_at"}

    def __str__(self) -> str:
        return f"draft for {self.assignment}"


class Submission(models.Model):
    """An idempotency key that was used: the same form sent twice counts once."""

    key = models.UUIDField(primary_key=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    assignment = models.ForeignKey(
        "annotate.Assignment", on_delete=models.CASCADE, related_name="+"
    )
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of what was sent.")
    at = models.DateTimeField(default=now)
    # For undo: what was sent, forgotten when its time is over, and where in history it
    # begins (after the first) and ends (with the last).
    fields = models.JSONField(default=dict)
    after_event = models.BigIntegerField(null=True, blank=True)
    last_event = models.BigIntegerField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # For the strip of what the person did last.
            models.Index(fields=["person", "-at"], name="submission_by_person"),
            # For undo.forget(): few rows are, so it is small.
            models.Index(
                fields=["at"], name="submission_to_forget", condition=~Q(fields={})
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "key", "person", "assignment", "fingerprint", "at", "fields", "after_event",
            "last_event", "undone_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"submission {self.key}"
