"""The queue: runs and jobs in one order, and what may begin now.

A doorbell names a row, but the worker that hears it takes the most urgent of all that may
run: by priority, then by age. Nothing begins in quiet hours, over its dataset's budget, or
where its model would not find room.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from typing import Any, NamedTuple, TypeAlias

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation import history
from curation.errors import NotAllowed, WrongState
from curation.handoff import Person
from trainer.actions import attempts, fence, jobs, runs
from trainer.errors import TrainerError
from trainer.models import Budget, Job, QueueRules, Run, Schedule, Worker

Row: TypeAlias = Run | Job

LOOKED_AT = 50  # rows that a worker tries before it goes back to sleep
PRIORITIES = range(-100, 101)
State = Run.State


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


# ---- what a worker does ----------------------------------------------------------------


@transaction.atomic
def take(worker: str) -> Row | None:
    """Claim the most urgent row that may run on this worker now. None: there is none.

    Rows that another worker is just taking are passed over, not waited for.
    """
    now_in_force = rules()
    if now_in_force.quiet_until:
        return None
    there = Worker.objects.filter(name=worker).first()
    for found in _allowed(now_in_force, there.room if there else None):
        model = type(found)
        free = model._default_manager.select_for_update(skip_locked=True, of=("self",))
        if free.filter(pk=found.pk, state=State.QUEUED).exists():
            claim = runs.claim if model is Run else jobs.claim
            return claim(found.pk, worker)
    return None


def _allowed(now_in_force: Rules, room: int | None) -> Iterator[Row]:
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


# ---- what admins do --------------------------------------------------------------------


@transaction.atomic
def prioritise(*, row: Row, priority: int, by: Person) -> Row:
    """Those with the highest are taken first; 0 is usual."""
    _require_admin(by)
    if priority not in PRIORITIES:
        raise TrainerError(_("A priority is from -100 to 100."))
    locked: Row = fence.lock(type(row), row.pk)
    if locked.state != State.QUEUED:
        raise WrongState(fence.noun(locked), locked.state)
    locked.priority = priority
    locked.save(update_fields=["priority"])
    fence.record("prioritised", locked, by=by, priority=priority)
    return locked


@transaction.atomic
def set_rules(*, by: Person, facts: dict[str, Any]) -> QueueRules:
    """Quiet hours of all, and where the clock hangs."""
    _require_admin(by)
    found, _new = QueueRules.objects.update_or_create(pk=1, defaults=facts)
    told = {name: str(value) for name, value in facts.items()}
    history.record("queue.rules_set", found, by=by, rules=told)
    return found


@transaction.atomic
def set_budget(*, dataset_id: int, hours: float | None, by: Person) -> None:
    """Device hours a month; None lifts it."""
    _require_admin(by)
    if hours is None:
        lifted = Budget.objects.filter(dataset=dataset_id).first()
        if lifted is None:
            return
        history.record("queue.budget_lifted", lifted, by=by, dataset_id=dataset_id)
        lifted.delete()
        return
    budget, _new = Budget.objects.update_or_create(
        dataset_id=dataset_id, defaults={"hours": hours}
    )
    history.record("queue.budget_set", budget, by=by, dataset_id=dataset_id, hours=hours)


def _require_admin(by: Person) -> None:
    if not by.is_staff:
        raise NotAllowed(_("Only a site admin rules the queue."))
