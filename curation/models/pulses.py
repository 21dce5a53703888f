"""When what must happen again and again last did."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.timezone import now


class Pulse(models.Model):
    """A job of the clock, mail, a backup. Only `actions/pulses.py` writes it."""

    name = models.CharField(max_length=120, unique=True, help_text="As in mail or backup.")
    tried_at = models.DateTimeField(default=now)
    done_at = models.DateTimeField(null=True, help_text="When it last went well.")
    seconds = models.FloatField(default=0, help_text="How long it took the last time.")
    problem = models.CharField(
        max_length=300,
        blank=True,
        help_text="Empty where it went well. Never people's words.",
    )

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "name", "tried_at", "done_at", "seconds", "problem"}

    def __str__(self) -> str:
        return self.name
