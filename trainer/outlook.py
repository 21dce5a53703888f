"""What is known of what examples bring: for the pages of a run and of a dataset."""

from __future__ import annotations

from typing import NamedTuple

from curation import handoff
from curation.handoff import Portion
from trainer.effects import Line
from trainer.jobs import effect, forecast
from trainer.models import Job, Run

AT_MOST = 20
State = Job.State


class Brought(NamedTuple):
    """A job that left something out, and what came of it, once it is finished."""

    job: Job
    portion: Portion | None
    whole: Line | None


def brought(run: Run, *, named: bool) -> list[Brought]:
    """What was left out of a run's examples, the newest first. Queries."""
    jobs = list(run.jobs.filter(kind=effect.KIND.name).order_by("-pk")[:AT_MOST])
    kinds = {job.config["by"] for job in jobs}
    every = handoff.portions_of(run.version_id, named=named, kinds=kinds)
    portions = {(one.by.value, one.value): one for one in every}
    return [
        Brought(
            job,
            portions.get((job.config["by"], job.config["value"])),
            next(iter(effect.lines(job)), None),
        )
        for job in jobs
    ]


def of_run(run: Run) -> Job | None:
    """The newest finished forecast by a run's settings. A query."""
    done = run.jobs.filter(kind=forecast.KIND.name, state=State.FINISHED)
    return done.select_related("version").order_by("-finished_at").first()


def of_dataset(dataset_id: int) -> Job | None:
    """The newest finished forecast on any version of it. A query."""
    done = Job.objects.for_listing().filter(
        kind=forecast.KIND.name, state=State.FINISHED, version__dataset=dataset_id
    )
    return done.order_by("-finished_at").first()


def newest_fine_tune(dataset_id: int) -> Run | None:
    """The run that a forecast would be asked of. A query."""
    usable = Run.objects.usable().filter(method=Run.Method.SFT)
    return usable.filter(version__dataset=dataset_id).order_by("-pk").first()
