"""Schedules: made, changed, paused, resumed, deleted, and fired without waiting."""

from __future__ import annotations

from typing import Any, TypedDict
from zoneinfo import available_timezones

from django.db import IntegrityError, connection, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation import history, renewal
from curation.errors import NotAllowed
from curation.handoff import Person
from trainer import methods, saw
from trainer.actions.checks import require_parent
from trainer.errors import TrainerError
from trainer.hours import next_time
from trainer.models import BaseModel, Firing, Run, Schedule

State, When, Start = Schedule.State, Schedule.When, Schedule.Start
NOT_OVER = gettext_noop("What it had started before was not over.")


class Facts(TypedDict, total=False):
    """What a person decides about a schedule; what is left out stays as it is."""

    name: str
    when: str
    hour: int
    weekday: int
    time_zone: str
    wanted_messages: int | None
    wanted_ballots: int | None
    after: Schedule | None
    method: str
    base: BaseModel
    start: str
    parent: Run | None
    config: dict[str, Any]
    quiet_from: int | None
    quiet_to: int | None
    quiet_days: list[int]


@transaction.atomic
def create(*, dataset_id: int, by: Person, facts: Facts) -> Schedule:
    require(by, dataset_id)
    schedule = Schedule(dataset_id=dataset_id, owner=by)
    how = methods.named(facts.get("method", Run.Method.SFT))
    schedule.start = Start.NEWEST if how.goes_on else Start.BASE
    _apply(schedule, facts)
    schedule.save()
    _record("made", schedule, by=by)
    return schedule


@transaction.atomic
def change(*, schedule_id: int, by: Person, facts: Facts) -> Schedule:
    """Who changes it answers for it from now on."""
    schedule = lock(schedule_id, by)
    schedule.owner = by
    _apply(schedule, facts)
    schedule.save()
    _record("changed", schedule, by=by)
    return schedule


@transaction.atomic
def pause(*, schedule_id: int, by: Person) -> Schedule:
    schedule = lock(schedule_id, by)
    if schedule.state != State.PAUSED:
        _move(schedule, to=State.PAUSED, by=by)
    return schedule


@transaction.atomic
def resume(*, schedule_id: int, by: Person) -> Schedule:
    """What was missed meanwhile stays missed. Who resumes a parked one takes it over."""
    schedule = lock(schedule_id, by)
    if schedule.is_active:
        return schedule
    if schedule.state == State.PARKED:
        schedule.owner = by
    _move(schedule, to=State.ACTIVE, by=by)
    return schedule


@transaction.atomic
def delete(*, schedule_id: int, by: Person) -> None:
    """With its list of firings; the runs stay, and so do the lines of history."""
    schedule = lock(schedule_id, by)
    if follower := schedule.followers.first():
        raise TrainerError(_("“%(name)s” comes after it.") % {"name": follower})
    _record("deleted", schedule, by=by, name=schedule.name)
    schedule.delete()


def run_now(*, schedule_id: int, by: Person) -> Firing:
    """Fire it without waiting. The caller rings: `ring(tasks.fire, firing_id=…)`."""
    busy = TrainerError(_("It has fired already, and that is not over yet."))
    try:
        with transaction.atomic():
            schedule = lock(schedule_id, by)
            firing = call(schedule, asked_by=by)
    except IntegrityError:
        raise busy from None
    if firing is None:
        raise busy
    return firing


def call(schedule: Schedule, **facts: Any) -> Firing | None:
    """A firing of a locked schedule; None while an earlier one is not over."""
    if schedule.firings.open().exists():
        return None
    schedule.counted_from = now()
    schedule.save(update_fields=["counted_from"])
    firing = Firing.objects.create(schedule=schedule, **facts)
    _record("called", schedule, by=facts.get("asked_by"), firing=firing.pk)
    return firing


def call_followers(schedule: Schedule, *, version_id: int) -> None:
    """Those that come after it, on the version that it trained on; one that is still busy
    is left out this time, and says so."""
    waiting = schedule.followers.active().select_for_update(of=("self",)).order_by("pk")
    for follower in waiting:
        if call(follower, version_id=version_id) is None:
            over = {"state": Firing.State.SKIPPED, "ended_at": now(), "why": NOT_OVER}
            Firing.objects.create(schedule=follower, version_id=version_id, **over)


def park(schedule: Schedule, *, why: str) -> None:
    """It does nothing more until a curator takes it over."""
    _move(schedule, to=State.PARKED, by=None, why=why)


def move_on(schedule: Schedule) -> None:
    """When it is due next, by its own clock; missed times are one."""
    schedule.due_at = _next(schedule)
    schedule.save(update_fields=["due_at"])


def require(person: Person, dataset_id: int) -> None:
    if not renewal.may_renew(person, dataset_id):
        raise NotAllowed(_("Only a curator of the dataset can plan its runs."))


def lock(schedule_id: int, by: Person) -> Schedule:
    # Another that comes after this one may be written meanwhile.
    rows = Schedule.objects.select_for_update(of=("self",), no_key=True)
    schedule = rows.get(pk=schedule_id)
    require(by, schedule.dataset_id)
    return schedule


def _apply(schedule: Schedule, facts: Facts) -> None:
    for name, value in facts.items():
        setattr(schedule, name, value)
    _check(schedule)
    schedule.due_at = _next(schedule) if schedule.is_active else None


def _check(schedule: Schedule) -> None:
    if schedule.time_zone not in available_timezones():
        raise TrainerError(
            _("There is no time zone “%(name)s”.") % {"name": schedule.time_zone}
        )
    waits = schedule.wanted_messages or schedule.wanted_ballots
    if schedule.when == When.WAITING and not waits:
        raise TrainerError(_("Say how many messages or ballots it waits for."))
    if (schedule.quiet_from is None) != (schedule.quiet_to is None):
        raise TrainerError(_("Quiet hours have a beginning and an end."))
    methods.named(schedule.method).config.parse(schedule.config)
    if schedule.when == When.AFTER:
        _check_order(schedule)
    if schedule.parent is not None:
        parent = saw.in_its_place(schedule.parent)
        require_parent(parent.pk, base=schedule.base, by=schedule.owner)


def _check_order(schedule: Schedule) -> None:
    """Refuse a chain without a beginning, for the rest of the transaction."""
    if schedule.after is None:
        raise TrainerError(_("Say after which schedule it comes."))
    if schedule.after.dataset_id != schedule.dataset_id:
        raise TrainerError(_("It comes after a schedule of the same dataset."))
    _lock_order(schedule.dataset_id)
    there = Schedule.objects.filter(dataset=schedule.dataset_id)
    after = dict(there.values_list("pk", "after"))
    earlier: int | None = schedule.after.pk
    for _link in range(len(after) + 1):
        if earlier is None:
            return
        if earlier == schedule.pk:
            break
        earlier = after.get(earlier)
    raise TrainerError(_("They would wait for each other."))


def _lock_order(dataset_id: int) -> None:
    """Of two schedules that are set after each other, the second finds the first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('trainer.schedules'), %s)", [dataset_id]
        )


def _next(schedule: Schedule) -> Any:
    if not schedule.goes_by_the_clock:
        return None
    is_weekly = schedule.when == When.WEEKLY
    return next_time(
        hour=schedule.hour,
        zone=schedule.time_zone,
        after=now(),
        weekday=schedule.weekday if is_weekly else None,
    )


def _move(schedule: Schedule, *, to: str, by: Person | None, why: str = "") -> None:
    schedule.state, schedule.why = to, why
    schedule.due_at = _next(schedule) if to == State.ACTIVE else None
    schedule.save(update_fields=["state", "why", "due_at", "owner"])
    _record(to, schedule, by=by)


def _record(what: str, schedule: Schedule, *, by: Person | None, **data: Any) -> None:
    kind = f"schedule.{what}"
    history.record(kind, schedule, by=by, dataset_id=schedule.dataset_id, **data)
