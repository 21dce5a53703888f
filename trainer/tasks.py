"""What trainer workers do. The rows are the queue; these are only woken."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError

from curation.background import background_task, ring
from trainer import build, launch
from trainer.actions import bases, fence, jobs, results, runs
from trainer.errors import Cancelled, Lost, Paused, TrainingFailed
from trainer.models import Job, Run
from trainer.models.fenced import Fenced

logger = logging.getLogger(__name__)

T = TypeVar("T")

OUR_FAULT = (
    "Something in Winnow itself went wrong ({error}). The trainer worker's log has the "
    "details; start it again once that is mended."
)
OUR_FAULT_IN_A_BUILD = (
    "Something in Winnow itself went wrong ({error}). The trainer worker's log has the "
    "details; build the model again once that is mended."
)


@background_task()
def execute_run(*, run_id: int) -> None:
    """Train one run. A second delivery finds the run taken, and stops."""
    run = runs.claim(run_id, launch.worker_name())
    if run is None:
        logger.debug("run %s is not queued, nothing to do", run_id)
        return
    _carry_out(run, lambda: launch.train(run), lambda _: results.finish(run))


@background_task()
def execute_job(*, job_id: int) -> None:
    """The same for a job."""
    job = jobs.claim(job_id, launch.worker_name())
    if job is None:
        logger.debug("job %s is not queued, nothing to do", job_id)
        return
    _carry_out(job, lambda: launch.perform(job), lambda result: jobs.finish(job, result))


def _carry_out(row: Fenced, work: Callable[[], T], finish: Callable[[T], object]) -> None:
    try:
        done = work()
    except TrainingFailed as failure:
        fence.fail(row, problem=str(failure))
    except Cancelled:
        fence.acknowledge_cancel(row)
    except Paused:
        fence.acknowledge_pause(row)
    except Lost:
        logger.warning("%s was given to somebody else, attempt %s ends", row, row.attempt)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the lease runs out, and another takes over
    except Exception as error:
        logger.exception("%s failed", row)
        fence.fail(row, problem=OUR_FAULT.format(error=type(error).__name__))
    else:
        finish(done)


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
def restart_silent_runs() -> None:
    """Each few seconds: a message may be lost, but the row is a promise."""
    for run_id in fence.requeue_silent(Run):
        ring(execute_run, run_id=run_id)
    for job_id in fence.requeue_silent(Job):
        ring(execute_job, job_id=job_id)
    for base_id in bases.unattended():
        ring(build_base, base_id=base_id)
