"""Numbers that are read from the database when somebody asks, each app's by its own."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Min, QuerySet
from django.utils.module_loading import import_string
from django.utils.timezone import now

from curation.health.waiting import queues
from curation.models import DuplicateSearch, Erasure, Freezing, Withdrawal

logger = logging.getLogger(__name__)

LENGTH = "Rows that wait, by kind of work."
OLDEST = "How long the oldest of them has waited."


@dataclass(frozen=True)
class Figure:
    name: str
    means: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


def all_of_them() -> Iterator[Figure]:
    """One that cannot be read must not hide the others."""
    for path in settings.FIGURES:
        try:
            yield from list(import_string(path)())
        except Exception:
            logger.exception("%s could not be read", path)


def queue(kind: str, waiting: int, since: datetime | None) -> Iterable[Figure]:
    """How many wait for that, and how long the first one has."""
    age = (now() - since).total_seconds() if since else 0.0
    yield Figure("winnow_queue_length", LENGTH, waiting, {"kind": kind})
    yield Figure("winnow_queue_oldest_seconds", OLDEST, max(age, 0.0), {"kind": kind})


def of_the_record() -> Iterator[Figure]:
    yield from _queue("freezing", Freezing.objects.filter(state="waiting"), "asked_at")
    not_begun = DuplicateSearch.objects.filter(started_at=None)
    yield from _queue("duplicates", not_begun, "asked_at")
    yield from _queue("erasure", Erasure.objects.under_way(), "ordered_at")
    under_way = Withdrawal.objects.filter(state="queued")
    yield from _queue("withdrawal", under_way, "created_at")
    for kind, rows, since in queues():
        yield from _queue(kind, rows, since)


def _queue(kind: str, rows: QuerySet, asked: str) -> Iterable[Figure]:  # type: ignore[type-arg]
    found = rows.aggregate(waiting=Count("pk"), since=Min(asked))
    return queue(kind, found["waiting"], found["since"])
