"""The queue as people see it: who is at work, who waits, and for what."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import merge
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trainer.actions import order
from trainer.actions.order import Row, Rules
from trainer.hours import month_of
from trainer.jobs.kinds import KINDS
from trainer.models import Job, Run, Worker

SHOWN = 100


class Waiting(NamedTuple):
    row: Row
    kind: str
    label: str
    why: str  # it waits


class Busy(NamedTuple):
    row: Row
    kind: str
    label: str


class Machine(NamedTuple):
    worker: Worker
    busy: Busy | None


class Board(NamedTuple):
    machines: list[Machine]
    at_work: list[Busy]
    waiting: list[Waiting]
    waits_in_all: int


def board() -> Board:
    """All of it, in about ten queries."""
    at_work = [Busy(row, kind(row), label(row)) for row in _rows_at_work()]
    by_worker = {busy.row.worker: busy for busy in at_work}
    workers = list(Worker.objects.for_listing())
    machines = [
        Machine(worker, by_worker.get(worker.name) if worker.is_alive else None)
        for worker in workers
    ]
    rows = _rows_waiting()
    return Board(
        machines=machines,
        at_work=at_work,
        waiting=_reasons(rows[:SHOWN], machines),
        waits_in_all=len(rows) if len(rows) < SHOWN else _count(),
    )


def why_it_waits(row: Row) -> str:
    """Of one row that is queued. The same queries."""
    found = [one.why for one in board().waiting if one.row == row]
    return found[0] if found else ""


def kind(row: Row) -> str:
    return "run" if isinstance(row, Run) else "job"


def label(row: Row) -> str:
    if isinstance(row, Run):
        return _("Run %(number)d") % {"number": row.pk}
    kind = KINDS.get(row.kind)
    return str(kind.label) if kind else row.kind


def _rows_at_work() -> list[Row]:
    running = {"state": Run.State.RUNNING}
    return [
        *Run.objects.for_listing().filter(**running),
        *Job.objects.for_listing().filter(**running),
    ]


def _rows_waiting() -> list[Row]:
    runs = Run.objects.waiting().select_related(
        "version__dataset", "requested_by", "base", "estimate", "firing__schedule"
    )
    jobs = Job.objects.waiting().select_related("version__dataset", "requested_by", "base")
    both: list[Iterable[Row]] = [runs[: SHOWN + 1], jobs[: SHOWN + 1]]
    return list(merge(*both, key=order.urgency))


def _count() -> int:
    return Run.objects.waiting().count() + Job.objects.waiting().count()


def _reasons(rows: list[Row], machines: list[Machine]) -> list[Waiting]:
    in_force, ahead, found = order.rules(), 0, []
    alive = [machine for machine in machines if machine.worker.is_alive]
    for row in rows:
        held = _held_back(row, in_force) or _no_room(row, alive)
        why = held or _its_turn(ahead, alive)
        found.append(Waiting(row, kind(row), label(row), why))
        ahead += not held
    return found


def _held_back(row: Row, in_force: Rules) -> str:
    until, zone = in_force.quiet_until, in_force.zone
    if until is None and isinstance(row, Run) and hasattr(row, "firing"):
        schedule = row.firing.schedule
        until, zone = in_force.quiet_schedules.get(schedule.pk), schedule.time_zone
    if until is not None:
        there = localtime(until, ZoneInfo(zone))
        days = (there.date() - localtime(now(), ZoneInfo(zone)).date()).days
        shape = "H:i" if days == 0 else "l, H:i" if days < 7 else "j F, H:i"
        said = date_format(there, shape)
        return _("waits for quiet hours to end at %(time)s") % {"time": said}
    dataset = row.version.dataset
    if dataset.pk in in_force.used_up:
        hours = in_force.used_up[dataset.pk]
        _first, following = month_of(now(), in_force.zone)
        day = localtime(following, ZoneInfo(in_force.zone))
        return _(
            "the budget of %(hours)g GPU hours of %(dataset)s is used up until %(day)s"
        ) % {"hours": hours, "dataset": dataset, "day": date_format(day, "j F")}
    return ""


def _no_room(row: Row, alive: list[Machine]) -> str:
    needed = getattr(getattr(row, "estimate", None), "memory", None)
    free = [machine.worker.room for machine in alive if machine.busy is None]
    if not needed or not free or max(free) >= needed:
        return ""
    there = {"needed": filesizeformat(needed), "free": filesizeformat(max(free))}
    return _("needs %(needed)s, the free worker has %(free)s") % there


def _its_turn(ahead: int, alive: list[Machine]) -> str:
    if not alive:
        return _("no worker is there")
    if ahead:
        said = ngettext("%(count)d is before it", "%(count)d are before it", ahead)
        return said % {"count": ahead}
    if all(machine.busy for machine in alive):
        return _("waits for a worker to be free")
    return _("begins in a moment")
