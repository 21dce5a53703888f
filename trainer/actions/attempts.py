"""How long workers were at rows, for budgets: written where the fence is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.timezone import now

from trainer.hours import month_of
from trainer.models import Attempt, Worker
from trainer.models.fenced import Fenced


def begin(row: Fenced) -> None:
    """In the transaction that claims it."""
    Attempt.objects.create(
        kind=row._meta.model_name or "",
        subject=row.pk,
        number=row.attempt,
        dataset_id=row.dataset_id,
        worker=row.worker,
        devices=_devices(row.worker),
    )


def close(row: Fenced) -> None:
    """In the transaction that ends the attempt. A silent worker's lasted to its lease."""
    attempts = Attempt.objects.filter(
        kind=row._meta.model_name or "", subject=row.pk, number=row.attempt, ended_at=None
    )
    for attempt in attempts:
        attempt.ended_at = max(min(now(), row.lease_until or now()), attempt.began_at)
        attempt.seconds = _seconds(attempt, attempt.ended_at)
        attempt.save(update_fields=["ended_at", "seconds"])


def spent(dataset_ids: Iterable[int], *, zone: str) -> dict[int, float]:
    """Device seconds of this month there, of what runs now as well. One query."""
    at = now()
    first, _ = month_of(at, zone)
    found = Attempt.objects.filter(dataset__in=list(dataset_ids), began_at__gte=first)
    total: dict[int, float] = {}
    for attempt in found.only("dataset", "devices", "began_at", "seconds"):
        seconds = attempt.seconds
        if seconds is None:
            seconds = _seconds(attempt, at)
        total[attempt.dataset_id] = total.get(attempt.dataset_id, 0.0) + seconds
    return total


def _seconds(attempt: Attempt, until: datetime) -> float:
    return (until - attempt.began_at).total_seconds() * attempt.devices


def _devices(worker: str) -> int:
    """What it keeps to itself while it is at work; a machine without a GPU is one."""
    found = Worker.objects.filter(name=worker).values_list("devices", flat=True).first()
    return max(1, len(found or []))
