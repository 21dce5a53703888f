"""What trainer workers do. The rows are the queue; these are only woken."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.db import InterfaceError, InternalError, OperationalError, connection

from curation.background import background_task, ring, ring_again, while_a_worker_lives
from curation.errors import CurationError
from trainer import build, launch
from trainer.actions import (
    bases,
    contests,
    fence,
    firings,
    jobs,
    promotions,
    queue,
    replacements,
    results,
    runs,
    score_requests,
    talking,
    talks,
)
from trainer.errors import Cancelled, Killed, Lost, Paused, TrainingFailed
from trainer.models import Job, Run
from trainer.models.fenced import Fenced
from trainer.presence import Presence
from trainer.recipes.shortage import DISK_FULL, shortage

logger = logging.getLogger(__name__)

T = TypeVar("T")

# The database is away, or has cut the connection of one that froze in a transaction.
GONE = (OperationalError, InterfaceError, InternalError)
AWAY_SECONDS = 600.0  # a worker can do nothing else anyway
TIMES = 5  # with a little more time before each

OUR_FAULT = (
    "Something in Winnow itself went wrong ({error}). The trainer worker's log has the "
    "details; start it again once that is mended."
)
OUR_FAULT_IN_A_BUILD = (
    "Something in Winnow itself went wrong ({error}). The trainer worker's log has the "
    "details; build the model again once that is mended."
)


@background_task(bind=True)
def execute_run(self: Any, *, run_id: int) -> None:
    """A doorbell: do what is most urgent. Called directly, do this very run.

    A second delivery finds nothing that waits, and stops.
    """
    worker = launch.worker_name()
    is_exact = self.request.called_directly
    _execute(runs.claim(run_id, worker) if is_exact else queue.take(worker))


@background_task(bind=True)
def execute_job(self: Any, *, job_id: int) -> None:
    """The same for a job."""
    worker = launch.worker_name()
    is_exact = self.request.called_directly
    _execute(jobs.claim(job_id, worker) if is_exact else queue.take(worker))


def _execute(row: Run | Job | None) -> None:
    if row is None:
        logger.debug("nothing may run now")
    elif isinstance(row, Run):
        _carry_out(row, lambda: launch.train(row), lambda _: _end(row))
    else:
        _carry_out(row, lambda: launch.perform(row), lambda result: _end_job(row, result))


def _end(run: Run) -> None:
    if not results.finish(run):
        return
    if settings.SCORE_MODELS:
        ring(score_examples)
    if run.replaces_id is not None:
        ring(follow_removals)


def _end_job(job: Job, result: dict[str, Any]) -> None:
    jobs.finish(job, result)
    go_on_with_talks()


def go_on_with_talks() -> None:
    """What was asked while a job was ending gets another one."""
    for talk_id in talking.left_over():
        if woken := talking.wake(talk_id):
            ring(execute_job, job_id=woken.pk)


def _carry_out(row: Fenced, work: Callable[[], T], finish: Callable[[T], object]) -> None:
    """To its end, or to where another worker takes over.

    The database may be away for a while: what is done is on disk, so where the row is still
    ours when it is back, the work is gone through again and is soon where it was.
    """
    for number in range(TIMES):
        try:
            return _once(row, work, finish)
        except (*GONE, Lost) as why:
            logger.warning("%s, attempt %s is interrupted: %s", row, row.attempt, why)
            time.sleep(number)
            if not _is_ours(row):
                return None
    logger.error("%s is left to another worker", row)


def _is_ours(row: Fenced) -> bool:
    """Once the database answers. Raises when that takes too long."""
    deadline = time.monotonic() + AWAY_SECONDS
    while True:
        connection.close_if_unusable_or_obsolete()
        try:
            return fence.beat(row)
        except GONE:
            if time.monotonic() > deadline:
                raise
        time.sleep(1)


def _once(row: Fenced, work: Callable[[], T], finish: Callable[[T], object]) -> None:
    try:
        finish(work())
    except Killed as why:
        logger.warning("%s, attempt %s: %s", row, row.attempt, why)
        fence.lose(row)
    except TrainingFailed as failure:
        fence.fail(row, problem=str(failure))
    except Cancelled:
        fence.acknowledge_cancel(row)
    except Paused:
        fence.acknowledge_pause(row)
    except (*GONE, Lost):
        raise
    except CurationError as refusal:
        fence.fail(row, problem=str(refusal))
    except Exception as error:
        logger.exception("%s failed", row)
        is_full = shortage(error) == "disk"
        fault = OUR_FAULT.format(error=type(error).__name__)
        fence.fail(row, problem=DISK_FULL if is_full else fault)


@background_task()
def build_base(*, base_id: int | None = None) -> None:
    """Get one base ready, by default the starter. Delivered twice, it is built once."""
    if base_id is None:
        try:
            base_id = build.want_starter().pk
        except TrainingFailed as failure:
            logger.error("no starter can be built: %s", failure)
            return
    base = bases.claim(base_id)
    if base is None:
        logger.debug("base model %s needs nothing", base_id)
        return
    try:
        location = build.build(base)
    except TrainingFailed as failure:
        bases.fail(base, problem=str(failure))
    except Lost:
        logger.warning("%s was given to somebody else", base)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the lease runs out, and another takes over
    except Exception as error:
        logger.exception("%s failed", base)
        bases.fail(base, problem=OUR_FAULT_IN_A_BUILD.format(error=type(error).__name__))
    else:
        bases.ready(base, location=location)


@background_task()
def score_examples() -> None:
    """Each night and after each run: the newest models on the newest examples."""
    if settings.SCORE_MODELS:
        for job_id in score_requests.due():
            ring(execute_job, job_id=job_id)


@background_task()
def restart_silent_runs() -> None:
    """Each few seconds: a message may be lost, but the row is a promise."""
    for run_id in fence.requeue_silent(Run):
        ring_again(execute_run, run_id=run_id)
    for job_id in fence.requeue_silent(Job):
        ring_again(execute_job, job_id=job_id)
    for base_id in bases.unattended():
        ring_again(build_base, base_id=base_id)
    go_on_with_talks()


@background_task()
def forget_talks() -> None:
    """Each day: talks in which nothing was asked for a month."""
    talks.forget_old()


@background_task()
def fire_schedules() -> None:
    """Each minute: call what is due, go on with what was left, tell what came of it. The
    same of models that are trained again without texts that were taken back."""
    firings.settle()
    for firing_id in firings.call_due():
        ring(fire, firing_id=firing_id)
    _follow_removals()


@background_task()
def fire(*, firing_id: int) -> None:
    """Freeze and ask for the run. A second delivery finds it taken, and stops."""
    run = firings.carry_out(firing_id)
    if run is not None:
        ring(execute_run, run_id=run.pk)


@background_task()
def follow_removals() -> None:
    """When one was asked for, and when its run is over."""
    _follow_removals()


def _follow_removals() -> None:
    replacements.settle()
    for removal_id in replacements.due():
        ring(remove, removal_id=removal_id)


@background_task()
def remove(*, removal_id: int) -> None:
    """Freeze without them and ask for the run. A second delivery finds it taken."""
    run = replacements.carry_out(removal_id)
    if run is not None:
        ring(execute_run, run_id=run.pk)


@background_task()
def follow_ballots() -> None:
    """Each two minutes: arenas ask on or settle, and a model may have become the better."""
    for job_id in contests.go_on_with_all():
        ring(execute_job, job_id=job_id)
    promotions.consider_all()


_presence = Presence()
while_a_worker_lives("gpu", begin=_presence.begin, end=_presence.end)
