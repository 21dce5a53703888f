"""News for a person: shown in the app, and sent together by e-mail."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from curation.models.conversations import Message


class NotificationQuerySet(models.QuerySet["Notification"]):
    def unread(self) -> NotificationQuerySet:
        return self.filter(read_at=None)

    def for_listing(self) -> NotificationQuerySet:
        return self.select_related(
            "by", "message__conversation__dataset", "message__conversation__category"
        ).order_by("-created_at", "-pk")


class Notification(models.Model):
    class Kind(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")
        EDITED = "edited", _("Edited")
        HELD = "held", _("Held")
        MENTIONED = "mentioned", _("Mentioned")
        COMMENTED = "commented", _("Commented")
        COMPLETE = "complete", _("Conversation complete")
        ALLOTTED = "allotted", _("Work given to you")
        MODEL = "model", _("A model learned from it")
        PROMOTED = "promoted", _("Your dataset stands on a new model")
        LOOKED_AT = "looked_at", _("Looked at what you flagged")
        REMOVED = "removed", _("Taken back by an admin")
        REOPENED = "reopened", _("Looked at once more")
        SUSPENDED = "suspended", _("Work paused")
        RESTORED = "restored", _("Work goes on")
        WITHDRAWN = "withdrawn", _("Texts were taken back")
        SCHEDULE = "schedule", _("A schedule did not get through")
        HOOK = "hook", _("A webhook was switched off")

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    kind = models.CharField(max_length=9, choices=Kind)
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    # Who caused it, where that may be known: verdicts stay nameless.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    data = models.JSONField(default=dict, help_text="What the sentence names.")
    created_at = models.DateTimeField(default=now)
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["person", "-created_at"], name="notification_by_person"),
            # For the count in the header.
            models.Index(
                fields=["person"], name="notification_unread", condition=Q(read_at=None)
            ),
            # For the digest.
            models.Index(
                fields=["person", "created_at"],
                name="notification_unmailed",
                condition=Q(mailed_at=None),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "person", "kind", "message", "by", "data", "created_at", "read_at",
            "mailed_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} for {self.person_id}"
