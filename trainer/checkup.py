"""Are there workers to train with? For the page “Is it well?”."""

from __future__ import annotations

from collections.abc import Iterator

from django.template.defaultfilters import filesizeformat
from django.utils.timesince import timesince
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation.health.vitals import State, Vital
from trainer.models import Job, Run, Worker

START_WITH = "celery --app config.celery worker --pool solo --queues gpu"


def workers() -> Iterator[Vital]:
    label = _("Trainer workers")
    there = list(Worker.objects.for_listing())
    alive = [worker for worker in there if worker.is_alive]
    silent = [worker for worker in there if not worker.is_alive]
    waiting = _waiting()
    if not alive and waiting:
        said = ngettext(
            "None is there, and %(count)d run or job waits.",
            "None is there, and %(count)d runs and jobs wait.",
            waiting,
        ) % {"count": waiting}
        advice = _("Start one on a machine with a GPU, or on any other:")
        yield Vital("workers", label, State.NOT_WELL, said, advice, START_WITH)
    elif silent:
        names = ", ".join(
            _("%(worker)s for %(time)s")
            % {"worker": worker, "time": timesince(worker.heard_at, now())}
            for worker in silent
        )
        said = _("Silent: %(names)s.") % {"names": names}
        advice = _("Look at its machine. What it had been doing was given to others:")
        yield Vital("workers", label, State.LOOK, said, advice, START_WITH)
    elif alive:
        yield Vital("workers", label, State.WELL, _at_hand(alive))
    else:
        said = _("None is there, and nothing waits for one.")
        yield Vital("workers", label, State.WELL, said)


def _waiting() -> int:
    return Run.objects.waiting().count() + Job.objects.waiting().count()


def _at_hand(alive: list[Worker]) -> str:
    gpus = [gpu for worker in alive for gpu in worker.devices]
    there = ngettext(
        "%(count)d worker is there.", "%(count)d workers are there.", len(alive)
    ) % {"count": len(alive)}
    if not gpus:
        return there + " " + _("They train on processors, as there is no GPU.")
    free = filesizeformat(sum(gpu["free"] for gpu in gpus))
    total = filesizeformat(sum(gpu["total"] for gpu in gpus))
    said = ngettext(
        "%(count)d GPU, %(free)s of %(total)s free.",
        "%(count)d GPUs, %(free)s of %(total)s free.",
        len(gpus),
    ) % {"count": len(gpus), "free": free, "total": total}
    return f"{there} {said}"
