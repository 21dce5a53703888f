"""What people say about messages: comments with mentions, and flags for a moderator."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from curation.models.conversations import Message


class Comment(models.Model):
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    text = models.TextField()
    mentions = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="mentioned_in"
    )
    created_at = models.DateTimeField(default=now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="comment_has_text", condition=~Q(text="")),
        ]
        indexes = [
            models.Index(fields=["message", "created_at"], name="comment_by_message"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "message", "author", "text", "mentions", "created_at", "deleted_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"comment {self.pk} on message {self.message_id}"


class Flag(models.Model):
    """Somebody asks a moderator to look at a message."""

    class Reason(models.TextChoices):
        PERSONAL_DATA = "personal_data", _("Personal data")
        UNSAFE = "unsafe", _("Unsafe or unkind")
        COPIED = "copied", _("Copied or made by a chatbot")
        RIGHTS = "rights", _("Not ours to use")
        OTHER = "other", _("Something else")

    class Outcome(models.TextChoices):
        DISMISSED = "dismissed", _("Nothing to do")
        HELD = "held", _("Held")
        REMOVED = "removed", _("Rejected")

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="flags")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=13, choices=Reason)
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=now)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    outcome = models.CharField(max_length=9, choices=Outcome, blank=True)
    # What answered it, since there is a queue of decisions.
    decision = models.ForeignKey(
        "curation.Decision",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="flags",
    )

    class Meta:
        constraints = [
            # One open flag per person and message: flagging twice says nothing more.
            models.UniqueConstraint(
                fields=["message", "by"],
                condition=Q(resolved_at=None),
                name="flag_open_once_per_person",
            ),
            models.CheckConstraint(
                name="flag_resolved_all_or_nothing",
                condition=Q(resolved_at=None, resolved_by=None, outcome="")
                | Q(
                    Q(resolved_at__isnull=False, resolved_by__isnull=False),
                    ~Q(outcome=""),
                ),
            ),
        ]
        indexes = [
            # For the moderator's list: what is open, oldest first.
            models.Index(
                fields=["created_at"], name="flag_open", condition=Q(resolved_at=None)
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "message", "by", "reason", "note", "created_at", "resolved_at",
            "resolved_by", "outcome", "decision",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"flag {self.pk} on message {self.message_id}"
