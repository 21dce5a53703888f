"""Slots as numbers, for whoever watches the server."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Min
from django.utils.timezone import now

from annotate.models import Assignment
from curation.health.figures import Figure, queue

LEASED = "Tasks that people hold, by kind."
OVERDUE = "How long ago the most overdue lease ran out: expire_leases frees them."


def slots() -> Iterator[Figure]:
    there = Assignment.objects.order_by().values("kind")
    waiting = there.filter(state=Assignment.State.OPEN)
    for row in waiting.annotate(waiting=Count("pk"), since=Min("created_at")):
        yield from queue(row["kind"], row["waiting"], row["since"])
    held = there.filter(state=Assignment.State.LEASED)
    for lease in held.annotate(held=Count("pk"), first=Min("lease_until")):
        labels = {"kind": lease["kind"]}
        yield Figure("winnow_leases", LEASED, lease["held"], labels)
        late = max((now() - lease["first"]).total_seconds(), 0.0)
        yield Figure("winnow_lease_overdue_seconds", OVERDUE, late, labels)
