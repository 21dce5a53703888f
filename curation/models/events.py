"""Append-only history: every state-changing action writes a line with the change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.timezone import now

from curation.doorbell import doorbell
from curation.models.datasets import Dataset
from curation.models.people import Contributor
from curation.prepared import insert
from curation.whereabouts import here

# Inside together(): the lines that wait to be written.
_waiting: ContextVar[list[Event] | None] = ContextVar("waiting", default=None)


class EventManager(models.Manager["Event"]):
    def record(
        self,
        kind: str,
        subject: models.Model,
        *,
        by: Contributor | None,
        dataset: Dataset | None = None,
        **data: Any,
    ) -> Event:
        """Write one line. `by` is None where a machine did it; `data` must be JSON."""
        line = self.line(kind, subject, by=by, dataset=dataset, **data)
        self.record_all([line])
        return line

    def record_all(self, lines: Iterable[Event]) -> None:
        """Write several in one statement, in this order."""
        waiting = _waiting.get()
        if waiting is None:
            lines = list(lines)
            insert(*lines)
            doorbell.ring(line.kind for line in lines)
        else:
            waiting.extend(lines)

    @contextmanager
    def together(self) -> Iterator[list[Event]]:
        """What is recorded meanwhile is written at the end, in one statement.

        The list that it gives has the lines then; if anything fails, none is written.
        """
        lines: list[Event] = []
        before = _waiting.set(lines)
        try:
            yield lines
        finally:
            _waiting.reset(before)
        self.record_all(lines)

    def line(
        self,
        kind: str,
        subject: models.Model,
        *,
        by: Contributor | None,
        dataset: Dataset | None = None,
        **data: Any,
    ) -> Event:
        """One line, not written yet: for `record_all`."""
        return self.model(
            kind=kind,
            subject_kind=subject._meta.model_name or "",
            subject_id=subject.pk,
            dataset=dataset,
            by=by,
            data=data,
        )

    def about(self, **subjects: Iterable[int]) -> models.QuerySet[Event]:
        """History of several things, newest first: `about(message=ids, review=ids)`."""
        lines = models.Q(pk__in=[])
        for kind, ids in subjects.items():
            lines |= models.Q(subject_kind=kind, subject_id__in=ids)
        return self.filter(lines).select_related("by").order_by("-at", "-pk")


class Event(models.Model):
    kind = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    dataset = models.ForeignKey(
        Dataset,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="events",
        db_index=False,  # event_by_dataset has it
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    at = models.DateTimeField(default=now)
    data = models.JSONField(default=dict)
    # Null: a machine by itself, or before this was noted. See whereabouts.py.
    from_where = models.JSONField(null=True, blank=True, default=here)

    objects: ClassVar[EventManager] = EventManager()

    class Meta:
        indexes = [
            # For a thing's history, on its page.
            models.Index(
                fields=["subject_kind", "subject_id", "at"], name="event_by_subject"
            ),
            # For a dataset's recent activity.
            models.Index(fields=["dataset", "-at"], name="event_by_dataset"),
            # For the page that is searched by what happened, newest first.
            models.Index(fields=["kind", "-id"], name="event_by_kind"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id",
            "kind",
            "subject_kind",
            "subject_id",
            "dataset",
            "by",
            "at",
            "data",
            "from_where",
        }

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_kind} {self.subject_id}"
