"""Whether what people asked for is begun in time, and what other programs are told goes
out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min, QuerySet
from django.utils.timesince import timesince
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.health.vitals import State, Vital
from curation.models import Archiving, Delivery, Extract, Import

LATE = timedelta(minutes=15)


def checkup() -> Iterator[Vital]:
    label = _("What waits for workers")
    late = [
        _("%(what)s: the first one for %(time)s.")
        % {"what": what, "time": timesince(since)}
        for what, since in _first_ones()
        if since and since < now() - LATE
    ]
    if not late:
        yield Vital("waiting", label, State.WELL, _("Nothing waits for long."))
        return
    said = _("This waits for more than a quarter of an hour.") + " " + " ".join(late)
    advice = _(
        "Look whether a worker takes the queue “default” and is not busy with one thing "
        "for hours; the log of the workers says more."
    )
    yield Vital("waiting", label, State.LOOK, said, advice)


def queues() -> Iterator[tuple[str, QuerySet[Any], str]]:
    """Of each kind what waits, and the field that says since when."""
    yield "import", Import.objects.filter(state="waiting"), "beat_at"
    yield "extract", Extract.objects.filter(state="waiting"), "asked_at"
    yield "archive", Archiving.objects.filter(state="waiting"), "asked_at"
    yield "delivery", Delivery.objects.due(), "due_at"


def _first_ones() -> Iterator[tuple[str, datetime | None]]:
    """By the name of each kind, since when its first one waits. A query for each."""
    names = {
        "import": _("Imports"),
        "extract": _("Exports"),
        "archive": _("Archives"),
        "delivery": _("Deliveries to webhooks"),
    }
    for kind, rows, since in queues():
        yield names[kind], rows.aggregate(first=Min(since))["first"]
