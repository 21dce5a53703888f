"""Browsers that are signed in, and as whom."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now
from django.utils.timezone import now


class SessionQuerySet(models.QuerySet["Session"]):
    def open(self) -> SessionQuerySet:
        """Those that somebody can work in, the one used last first."""
        there = self.filter(expire_date__gt=now())
        return there.exclude(state=Session.State.LEFT).order_by("-seen_at")


class Session(AbstractBaseSession):
    """As Django keeps it, with the account beside it: who is asking is one query."""

    class State(models.TextChoices):
        CURRENT = "current"
        DUE = "due"  # rights have changed: the next page gives the browser a new key
        LEFT = "left"  # it has one; the old key serves what was under way, for moments

    NOTED_EVERY = timedelta(minutes=10)  # that somebody is still there

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.CASCADE,
        related_name="+",
    )
    state = models.CharField(
        max_length=7, choices=State, default=State.CURRENT, db_default=State.CURRENT
    )
    # As the last release makes rows, too, while a new one is brought in.
    since = models.DateTimeField(default=now, db_default=Now())
    seen_at = models.DateTimeField(default=now, db_default=Now())
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=300, blank=True, db_default="")

    objects = SessionQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta(AbstractBaseSession.Meta):
        abstract = False
        constraints = [
            models.CheckConstraint(
                name="session_state_known",
                condition=models.Q(state__in=["current", "due", "left"]),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "session_key", "session_data", "expire_date", "person", "state", "since",
            "seen_at", "address", "agent",
        }  # fmt: skip

    @property
    def name(self) -> str:
        """What pages call it: its key would open it."""
        return hashlib.sha256(self.session_key.encode()).hexdigest()[:20]
