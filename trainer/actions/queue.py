"""The queue: runs and jobs in one order, and what may begin now.

A doorbell names a row, but the worker that hears it takes the most urgent of all that may
run: by priority, then by age. Nothing begins in quiet hours, over its dataset's budget, or
where its model would not find room.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from curation import history
from curation.errors import NotAllowed, WrongState
from curation.handoff import Person
from trainer.actions import fence, jobs, runs
from trainer.actions.order import Row, allowed, rules
from trainer.errors import TrainerError
from trainer.models import Budget, QueueRules, Run, Worker

PRIORITIES = range(-100, 101)
State = Run.State


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
    for found in allowed(now_in_force, there.room if there else None):
        model = type(found)
        free = model._default_manager.select_for_update(skip_locked=True, of=("self",))
        if free.filter(pk=found.pk, state=State.QUEUED).exists():
            claim = runs.claim if model is Run else jobs.claim
            return claim(found.pk, worker)
    return None


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
