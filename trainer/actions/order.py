"""In which order waiting rows are taken, and what holds some of them back now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from typing import Any, NamedTuple, TypeAlias

from django.db.models import QuerySet
from django.utils.timezone import now

from trainer.actions import attempts
from trainer.models import Budget, Job, QueueRules, Run, Schedule

Row: TypeAlias = Run | Job

LOOKED_AT = 50  # rows that a worker tries before it goes back to sleep


class Rules(NamedTuple):
    """What holds rows back at this moment."""

    quiet_until: datetime | None
    quiet_schedules: dict[int, datetime]  # by schedule
    used_up: dict[int, float]  # the hours of the budget, by dataset
    zone: str


def rules() -> Rules:
    """At most four queries, most of which find nothing."""
    at, site = now(), site_rules()
    quiet = site.quiet
    planned = Schedule.objects.exclude(quiet_from=None)
    ends = {schedule.pk: s.ends(at) for schedule in planned if (s := schedule.quiet)}
    budgets = dict(Budget.objects.values_list("dataset", "hours"))
    spent = attempts.spent(budgets, zone=site.time_zone) if budgets else {}
    return Rules(
        quiet_until=quiet.ends(at) if quiet else None,
        quiet_schedules={pk: end for pk, end in ends.items() if end},
        used_up={
            dataset: hours
            for dataset, hours in budgets.items()
            if spent.get(dataset, 0.0) >= hours * 3600
        },
        zone=site.time_zone,
    )


def site_rules() -> QueueRules:
    return QueueRules.objects.filter(pk=1).first() or QueueRules()


def somebody_waits() -> bool:
    """Whether anything is queued that might begin now. Causes a few queries."""
    now_in_force = rules()
    if now_in_force.quiet_until:
        return False
    return next(allowed(now_in_force, None), None) is not None


def allowed(now_in_force: Rules, room: int | None) -> Iterator[Row]:
    waiting_runs = Run.objects.waiting().exclude(
        firing__schedule__in=list(now_in_force.quiet_schedules)
    )
    if room is not None:
        waiting_runs = waiting_runs.exclude(estimate__memory__gt=room)
    broke = list(now_in_force.used_up)
    both: list[QuerySet[Any]] = [waiting_runs, Job.objects.waiting()]
    rows = [
        list(some.exclude(version__dataset__in=broke)[:LOOKED_AT] if broke else
             some[:LOOKED_AT])
        for some in both
    ]  # fmt: skip
    yield from merge(*rows, key=urgency)


def urgency(row: Row) -> tuple[int, datetime]:
    return -row.priority, row.queued_at
