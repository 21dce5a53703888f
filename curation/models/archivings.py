"""Archives of datasets: asked for by a curator, written by a worker, kept for a week."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q

from curation import stores
from curation.models.errands import ACTIVE, Written


class Archiving(Written):
    """Whose file lies among those of versions. See actions/archives.py."""

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

    @property
    def stored_as(self) -> str:
        """Its folder's name among those of versions; each attempt has its own."""
        return self._stored_by(self.attempt)

    def _stored_by(self, attempt: int) -> str:
        return f"archive-{self.uid.hex}-{attempt}"

    def destroy_files(self) -> None:
        """Of earlier attempts as well: their workers may have been killed."""
        for attempt in range(1, self.attempt + 1):
            stores.destroy(self._stored_by(attempt))
