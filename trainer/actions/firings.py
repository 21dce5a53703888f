"""A firing's life: called once by the clock, carried out by one worker, told about.

The row outlives the worker: what one left half-done, the next look of the clock goes on
with. Freezing is a row of its own, and the run is asked for in the transaction that says
so here, so neither happens twice.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation import handoff, renewal
from curation.errors import CurationError, NotAllowed
from curation.handoff import Person
from trainer import evidence, methods, saw
from trainer.actions import runs, schedules
from trainer.errors import NotConfirmed, TrainerError
from trainer.models import Firing, Run, Schedule

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # of a worker that says nothing while it freezes
SCHEDULED = -1  # what somebody waits for at the page goes first
State, Start = Firing.State, Schedule.Start

NOT_THEIRS = gettext_noop(
    "Who made it is no curator of the dataset any more. Another curator can take it over."
)
NOTHING_NEW = gettext_noop("Nothing new since version %(number)d.")
NO_BASE = gettext_noop("The base model %(base)s is not ready.")
NO_VERSION = gettext_noop("No version was frozen: %(why)s")
TAKEN_BACK = gettext_noop(
    "Texts of version %(number)d were taken back meanwhile. The next time a version "
    "without them is learned from."
)
RUN_FAILED = gettext_noop("Run %(run)d failed: %(why)s")
RUN_CANCELLED = gettext_noop("Run %(run)d was cancelled.")
OUR_FAULT = gettext_noop("Something in Winnow itself went wrong; see the worker's log.")


# ---- what the clock does ---------------------------------------------------------------


def call_due() -> list[int]:
    """Call what is due, each once however many look; return all that is to be done."""
    _call_by_the_clock()
    waits = Schedule.objects.active().filter(when=Schedule.When.WAITING)
    for schedule_id in waits.values_list("pk", flat=True):
        _call_if_enough_waits(schedule_id)
    nobody = Q(lease_until=None) | Q(lease_until__lt=now())
    return list(Firing.objects.filter(nobody, state=State.DUE).values_list("pk", flat=True))


@transaction.atomic
def _call_by_the_clock() -> None:
    """Whoever locks the row moves its time on: five missed nights are one firing."""
    due = Schedule.objects.active().filter(due_at__lte=now())
    for schedule in due.select_for_update(skip_locked=True, of=("self",)):
        was_due = schedule.due_at
        schedules.move_on(schedule)
        if schedules.call(schedule, due_at=was_due) is None:
            facts = {"state": State.SKIPPED, "why": schedules.NOT_OVER, "ended_at": now()}
            Firing.objects.create(schedule=schedule, due_at=was_due, **facts)


def _call_if_enough_waits(schedule_id: int) -> None:
    with transaction.atomic():
        free = Schedule.objects.active().select_for_update(skip_locked=True, of=("self",))
        schedule = free.filter(pk=schedule_id).first()
        if schedule is None or schedule.firings.open().exists():
            return
        if is_enough(schedule, waiting(schedule)):
            schedules.call(schedule)


def waiting(schedule: Schedule) -> renewal.Waiting:
    """What came since the newest version, or since it last fired."""
    moments = (renewal.frozen_at(schedule.dataset_id), schedule.counted_from)
    return renewal.waiting(
        schedule.dataset_id,
        since=max((moment for moment in moments if moment), default=None),
        messages=schedule.wanted_messages or 0,
        ballots=schedule.wanted_ballots or 0,
    )


def is_enough(schedule: Schedule, there: renewal.Waiting) -> bool:
    wanted = (schedule.wanted_messages, schedule.wanted_ballots)
    return any(least and least <= have for least, have in zip(wanted, there, strict=True))


def settle() -> None:
    """Firings whose run has ended are over; a failure is told to who planned it."""
    ended = Q(run__state__in=[Run.State.FINISHED, Run.State.FAILED, Run.State.CANCELLED])
    for pk in Firing.objects.filter(ended, state=State.STARTED).values_list(
        "pk", flat=True
    ):
        with transaction.atomic():
            free = Firing.objects.select_for_update(skip_locked=True, of=("self",))
            found = free.filter(pk=pk, state=State.STARTED)
            firing = found.select_related("run", "schedule__owner").first()
            if firing is not None:
                _settle(firing)


def _settle(firing: Firing) -> None:
    run = firing.run
    assert run is not None  # as the query says
    if run.state == Run.State.FINISHED:
        _end(firing, State.DONE)
        schedules.call_followers(firing.schedule, version_id=run.version_id)
    elif run.state == Run.State.CANCELLED:
        _end(firing, State.SKIPPED, RUN_CANCELLED, run=run.pk)
    else:
        _end(firing, State.FAILED, RUN_FAILED, run=run.pk, why=run.problem)


# ---- what a worker does ----------------------------------------------------------------


def carry_out(firing_id: int) -> Run | None:
    """Freeze, and ask for the run; or say why not. Returns a run to ring for."""
    firing = _claim(firing_id)
    if firing is None:
        return None
    made = None
    try:
        if not _may(firing):
            return None
        made = _frozen(firing)
        return _start(firing, made) if made else None
    except NotAllowed:
        _park(firing)
    except NotConfirmed:
        _skip(firing, made)
    except CurationError as refusal:
        _fail(firing, str(refusal))
    except Exception:
        logger.exception("%s failed", firing)
        _fail(firing, OUR_FAULT)
    return None


def _claim(firing_id: int) -> Firing | None:
    nobody = Q(lease_until=None) | Q(lease_until__lt=now())
    won = Firing.objects.filter(nobody, pk=firing_id, state=State.DUE).update(
        attempt=F("attempt") + 1, lease_until=now() + LEASE
    )
    if not won:
        return None
    rows = Firing.objects.select_related(
        "schedule__owner", "schedule__base", "asked_by", "schedule__dataset"
    )
    return rows.get(pk=firing_id)


def _actor(firing: Firing) -> Person:
    """In whose name it happens."""
    return firing.asked_by or firing.schedule.owner


def _may(firing: Firing) -> bool:
    schedule = firing.schedule
    if not renewal.may_renew(_actor(firing), schedule.dataset_id):
        raise NotAllowed
    if not schedule.base.is_ready:
        _fail(firing, NO_BASE, base=str(schedule.base))
        return False
    return True


def _frozen(firing: Firing) -> renewal.Outcome | None:
    """The version to train on; None where it is not there yet, or will not be. After
    another schedule it is that one's."""
    if firing.version_id is not None:
        return renewal.Outcome(is_over=True, version_id=firing.version_id, is_new=True)
    if firing.freezing_id is None:
        with transaction.atomic():
            asked = renewal.ask(firing.schedule.dataset_id, by=_actor(firing))
            if not _mine(firing).update(freezing=asked):
                raise IntegrityError("another worker goes on with it")
        if asked is None:  # somebody has one made; once that is over, it is our turn
            _mine(firing).update(lease_until=None)
            return None
        firing.freezing_id = asked
    made = renewal.carry_on(firing.freezing_id)
    if not made.is_over:
        _mine(firing).update(lease_until=None)
        return None
    if made.version_id is None:
        _fail(firing, NO_VERSION, why=made.why)
        return None
    return made


@transaction.atomic
def _start(firing: Firing, made: renewal.Outcome) -> Run | None:
    """Ask for the run in the transaction that keeps it, unless there is nothing new."""
    schedule, version_id = firing.schedule, made.version_id
    assert version_id is not None
    if not _mine(firing).select_for_update().exists():
        return None
    known = Run.objects.filter(
        version=version_id, base=schedule.base, method=schedule.method
    ).exclude(state__in=[Run.State.FAILED, Run.State.CANCELLED])
    version = handoff.frozen(version_id)
    if not made.is_new and known.exists():
        firing.version_id = version_id
        _end(firing, State.SKIPPED, NOTHING_NEW, number=version.number)
        return None
    run = runs.request(
        version_id=version_id,
        base_id=schedule.base_id,
        config=settings_for(schedule, version),
        by=_actor(firing),
        priority=SCHEDULED,
        method=schedule.method,
        parent_id=_parent(schedule),
    )
    _mine(firing).update(state=State.STARTED, run=run, version=version_id, lease_until=None)
    return run


def settings_for(schedule: Schedule, version: handoff.FrozenVersion) -> dict[str, Any]:
    """What the schedule leaves open fits the version that there is now."""
    fitting = methods.defaults(
        schedule.method,
        train_count=methods.rows(methods.named(schedule.method), version).units,
        is_starter=schedule.base.is_starter,
        is_long=not version.is_pairs,
    )
    fixed: dict[str, Any] = schedule.config
    return fitting.as_json() | fixed


def _parent(schedule: Schedule) -> int | None:
    """The run that this one goes on from, as things stand now."""
    if schedule.start == Start.RUN and schedule.parent is not None:
        return saw.in_its_place(schedule.parent).pk
    if schedule.start == Start.CHAMPION:
        held = evidence.champion_of(schedule.dataset_id, Run.Method.SFT)
        if held is None:
            raise TrainerError(_("There is no champion to go on from yet. Promote one."))
        return held.run_id
    if schedule.start == Start.NEWEST:
        there = Run.objects.parents().filter(base=schedule.base)
        theirs = there.filter(version__dataset=schedule.dataset_id)
        newest = theirs.newest_first().first()
        return newest.pk if newest else None
    return None


def _mine(firing: Firing) -> Any:
    return Firing.objects.filter(pk=firing.pk, state=State.DUE, attempt=firing.attempt)


# ---- the ends --------------------------------------------------------------------------


@transaction.atomic
def _fail(firing: Firing, why: str, /, **facts: Any) -> None:
    if _mine(firing).select_for_update().exists():
        _end(firing, State.FAILED, why, **facts)


@transaction.atomic
def _skip(firing: Firing, made: renewal.Outcome | None) -> None:
    """Nobody is there to confirm that a model may learn from what was taken back."""
    version_id = made.version_id if made else None
    if version_id is not None and _mine(firing).select_for_update().exists():
        firing.version_id = version_id
        number = handoff.frozen(version_id).number
        _end(firing, State.SKIPPED, TAKEN_BACK, number=number)


@transaction.atomic
def _park(firing: Firing) -> None:
    if not _mine(firing).select_for_update().exists():
        return
    _end(firing, State.FAILED, NOT_THEIRS)
    schedule = Schedule.objects.select_for_update(of=("self",)).get(pk=firing.schedule_id)
    if schedule.is_active and firing.asked_by_id is None:
        schedules.park(schedule, why=NOT_THEIRS)


def _end(firing: Firing, state: str, why: str = "", /, **facts: Any) -> None:
    """Of a locked firing. A failure is told to the owner."""
    firing.state, firing.why, firing.facts = state, why, facts
    firing.ended_at, firing.lease_until = now(), None
    firing.save(
        update_fields=["state", "why", "facts", "ended_at", "lease_until", "version"]
    )
    if state == State.FAILED:
        schedule = firing.schedule
        there = reverse("trainer:schedule", args=[schedule.pk])
        renewal.tell(
            schedule.owner, schedule=schedule.name, why=why, facts=facts, address=there
        )
