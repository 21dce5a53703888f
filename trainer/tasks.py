"""What trainer workers do. The rows are the queue; these are only woken."""

from __future__ import annotations

import logging

from django.db import InterfaceError, OperationalError

from curation.background import background_task, ring
from trainer import build, launch
from trainer.actions import bases, results, runs
from trainer.errors import Cancelled, Lost, TrainingFailed

logger = logging.getLogger(__name__)

OUR_FAULT = (
    "Something in Winnow itself went wrong ({error}). The trainer worker's log has the "
    "details; start the run again once that is mended."
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
    try:
        launch.train(run)
    except TrainingFailed as failure:
        runs.fail(run, problem=str(failure))
    except Cancelled:
        runs.acknowledge_cancel(run)
    except Lost:
        logger.warning("%s was given to somebody else, attempt %s ends", run, run.attempt)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the lease runs out, and another takes over
    except Exception as error:
        logger.exception("%s failed", run)
        runs.fail(run, problem=OUR_FAULT.format(error=type(error).__name__))
    else:
        results.finish(run)


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
    for run_id in runs.requeue_silent():
        ring(execute_run, run_id=run_id)
    for base_id in bases.unattended():
        ring(build_base, base_id=base_id)
