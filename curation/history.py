"""Door for other apps into the history: they write their lines, and read them back."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet

from curation.models import Contributor, Event


def record(
    kind: str,
    subject: Model,
    *,
    by: Contributor | None,
    dataset_id: int | None = None,
    **data: Any,
) -> None:
    """Write one line, in the transaction of the change. `by` is None for a machine."""
    line = Event.objects.line(kind, subject, by=by, **data)
    line.dataset_id = dataset_id
    Event.objects.record_all([line])


def of(subject: Model) -> QuerySet[Event]:
    """A thing's lines, oldest first."""
    lines = Event.objects.filter(
        subject_kind=subject._meta.model_name or "", subject_id=subject.pk
    )
    return lines.select_related("by").order_by("at", "pk")
