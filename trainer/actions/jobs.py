"""A job's life: asked for, claimed by one worker, ended once. See `fence.py`."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation import handoff
from curation.errors import NotAllowed
from curation.handoff import Person
from trainer.actions import fence
from trainer.actions.runs import require
from trainer.errors import TrainerError
from trainer.jobs.kinds import KINDS, require_in_use
from trainer.models import BaseModel, Job, Run

State = Job.State


@transaction.atomic
def request(
    *,
    kind: str,
    by: Person,
    run: Run | None = None,
    version_id: int | None = None,
    base: BaseModel | None = None,
    config: dict[str, Any] | None = None,
    priority: int = 0,
) -> Job:
    """Queue a job on a finished run's model, or on a base alone, and on a version.

    Left out, the version and the base are the run's own. The same one that still waits or
    runs is returned instead. The caller rings: `ring(tasks.execute_job, job_id=job.pk)`.
    """
    if kind not in KINDS:
        raise TrainerError(_("There is no job “%(kind)s”.") % {"kind": kind})
    if run is not None and run.state != Run.State.FINISHED:
        raise TrainerError(_("Run %(number)d has no model yet.") % {"number": run.pk})
    about = version_id or (run.version_id if run else None)
    base = base or (run.base if run else None)
    if about is None or base is None:
        raise TrainerError(_("Name a run, or a version and a base model."))
    require(by, about)
    handoff.require_whole(about)
    settings = KINDS[kind].checked(config or {})
    KINDS[kind].require(run, settings, by)
    require_in_use(kind, run, settings)
    decisive = [kind, run.pk if run else None, base.pk, about, settings]
    key = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
    facts = {
        "kind": kind, "run": run, "base": base, "version_id": about, "config": settings,
        "priority": priority, "requested_by": by, "rung_at": now(),
    }  # fmt: skip
    job, is_new = _once(key, facts)
    if is_new:
        fence.record("requested", job, by=by, job=kind, run=run.pk if run else None)
    return job


def _once(key: str, facts: dict[str, Any]) -> tuple[Job, bool]:
    try:
        return Job.objects.unended().get_or_create(key=key, defaults=facts)
    except IntegrityError:  # its twin ended between two looks, so there is room now
        return Job.objects.unended().get_or_create(key=key, defaults=facts)


@transaction.atomic
def cancel(*, job_id: int, by: Person) -> Job:
    return fence.cancel(_to_steer(job_id, by), by=by)


@transaction.atomic
def pause(*, job_id: int, by: Person) -> Job:
    return fence.pause(_to_steer(job_id, by), by=by)


@transaction.atomic
def retry(*, job_id: int, by: Person) -> Job:
    job = _to_steer(job_id, by)
    handoff.require_whole(job.version_id)
    if known := KINDS.get(job.kind):
        known.require(job.run, job.config, by)
    require_in_use(job.kind, job.run, job.config)
    try:
        with transaction.atomic():
            return fence.queue_again(job, by=by)
    except IntegrityError as twin:
        raise TrainerError(_("The same job waits or runs already.")) from twin


def _to_steer(job_id: int, person: Person) -> Job:
    job = fence.lock(Job, job_id)
    require(person, job.version_id)
    if not Job.objects.visible_to(person).filter(pk=job_id).exists():
        raise NotAllowed(_("Only who talks to the model can stop and start the talk."))
    return job


# ---- what the worker does --------------------------------------------------------------


def claim(job_id: int, worker: str) -> Job | None:
    return fence.claim(Job, job_id, worker)


@transaction.atomic
def finish(job: Job, result: dict[str, Any]) -> bool:
    """Keep the result and end the job, both or neither; False where it is not ours now."""
    if not fence.mine(job).select_for_update().exists():
        return False
    KINDS[job.kind].keep(job, result)
    return fence.end(job, to=State.FINISHED, result=result)
