"""Does the clock ring, and does somebody hear it? When each of its jobs was last done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils.timesince import timesince
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from redis import RedisError

from curation.health import servers
from curation.health.figures import Figure
from curation.health.tasks_seen import jobs_of_the_clock
from curation.health.vitals import State, Vital
from curation.models import Pulse

SILENT_SECONDS = 180.0  # something is due each ten
MISSED, AND_SECONDS = 3, 300.0  # what was passed over so often, and for so long, is late
WORKER = "celery --app config.celery worker --queues default"
CLOCK = "celery --app config.celery beat"


def figures() -> Iterator[Figure]:
    pulses = _pulses()
    at = now()
    for task in jobs_of_the_clock():
        labels, pulse = {"task": task}, pulses.get(task)
        if pulse is None:
            continue
        done = (at - pulse.done_at).total_seconds() if pulse.done_at else float("inf")
        means = "Since that job of the clock was last done, and went well."
        yield Figure("winnow_clock_done_seconds", means, done, labels)
        means = "How long it took the last time."
        yield Figure("winnow_clock_took_seconds", means, pulse.seconds, labels)
    for name, length in unheard().items():
        means = "Messages that no worker has taken, by queue."
        yield Figure("winnow_bells", means, length, {"queue": name})


def checkup() -> Iterator[Vital]:
    pulses = list(_pulses().values())
    heard_at = max((pulse.tried_at for pulse in pulses), default=None)
    label = _("Work in the background")
    if heard_at is None or (now() - heard_at).total_seconds() > SILENT_SECONDS:
        yield _silence(label, heard_at)
        return
    failed = sorted(pulse.name for pulse in pulses if pulse.problem)
    late = _late({pulse.name: pulse for pulse in pulses})
    if failed:
        said = ngettext(
            "%(count)d regular job failed the last time: %(names)s.",
            "%(count)d regular jobs failed the last time: %(names)s.",
            len(failed),
        ) % {"count": len(failed), "names": ", ".join(failed)}
        advice = _("The worker's log says why. What it should do waits until it succeeds.")
        yield Vital("clock", label, State.NOT_WELL, said, advice)
    elif late:
        said = ngettext(
            "%(count)d regular job has not been done for too long: %(names)s.",
            "%(count)d regular jobs have not been done for too long: %(names)s.",
            len(late),
        ) % {"count": len(late), "names": ", ".join(late)}
        advice = _("One worker may be too few: start another one.")
        yield Vital("clock", label, State.LOOK, said, advice, WORKER)
    else:
        said = _("The clock rings and a worker hears it: last %(when)s.")
        told = said % {"when": naturaltime(heard_at)}
        yield Vital("clock", label, State.WELL, told)


def unheard() -> dict[str, int]:
    """Messages in Celery's queues. Empty where Redis is away."""
    names = {settings.CELERY_TASK_DEFAULT_QUEUE}
    names |= {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    try:
        with servers.redis() as redis:
            return {name: int(redis.llen(name)) for name in sorted(names)}
    except (RedisError, OSError):
        return {}


def _silence(label: str, heard_at: datetime | None) -> Vital:
    since = (
        _("No worker has done anything for %(time)s.") % {"time": timesince(heard_at)}
        if heard_at
        else _("No worker has done anything yet.")
    )
    waiting = unheard()
    if not waiting:
        advice = _("Redis does not answer, so nobody can be called: see below.")
        return Vital("clock", label, State.NOT_WELL, since, advice)
    calls = waiting[settings.CELERY_TASK_DEFAULT_QUEUE]
    if calls:
        said = ngettext(
            "%(count)d message waits for one.", "%(count)d messages wait for one.", calls
        ) % {"count": calls}
        advice = _("Start a worker, or look at its log whether one task keeps it busy:")
        return Vital("clock", label, State.NOT_WELL, f"{since} {said}", advice, WORKER)
    said = _("Nothing waits for one either: the clock does not ring.")
    advice = _("Start the clock, one for all machines:")
    return Vital("clock", label, State.NOT_WELL, f"{since} {said}", advice, CLOCK)


def _late(pulses: dict[str, Pulse]) -> list[str]:
    """Of what has been done at least once: a new installation has not got to all."""
    at = now()
    return sorted(
        task
        for task, every in jobs_of_the_clock().items()
        if task in pulses
        and (at - pulses[task].tried_at).total_seconds()
        > max(MISSED * every, every + AND_SECONDS)
    )


def _pulses() -> dict[str, Pulse]:
    there = Pulse.objects.filter(name__in=jobs_of_the_clock())
    return {pulse.name: pulse for pulse in there}
