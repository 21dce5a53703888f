"""Archives of datasets: asked for by a curator, written by a worker, kept for a week."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q

from curation.models.errands import ACTIVE, Written


class Archiving(Written):
    """See actions/archives.py."""

    FOLDER, FILE = "archive", "archive.zip"
    # It is full of people's words: nobody who forgot it should have it for ever.
    KEPT: ClassVar[timedelta] = timedelta(days=7)

    has_names = models.BooleanField(default=True)

    class Meta(Written.Meta):
        constraints = [
            *Written.Meta.constraints,
            models.UniqueConstraint(
                fields=["dataset"],
                condition=Q(state__in=[*ACTIVE]),
                name="archiving_one_at_a_time",
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = Written.Privacy.withheld | {"has_names"}

    @classmethod
    def kept_for(cls) -> timedelta:
        return cls.KEPT
