"""Probes: whether a reward model can be gamed."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from curation.handoff import Person
from trainer import judges
from trainer.errors import TrainerError, TrainingFailed
from trainer.folders import model
from trainer.jobs.kind import Kind, require_numbers
from trainer.models import Job, Run
from trainer.recipes.common import read_object
from trainer.work import Work

REPORT = "probes.json"
MAX_LENGTH = 512
DEFAULTS: dict[str, Any] = {"prompts": 200}
LIMITS = {"prompts": (1, 2000)}
NOT_WHOLE = gettext_noop("The probes left no result. See the log.")


def checked(raw: dict[str, Any]) -> dict[str, Any]:
    return require_numbers(raw, DEFAULTS, LIMITS)


def require(run: Run | None, config: dict[str, Any], by: Person) -> None:
    if run is None or not run.gives_marks:
        raise TrainerError(_("Only reward models are probed: name a run of one."))


def perform(work: Work[Job]) -> dict[str, Any]:
    job = work.row
    assert job.run is not None, "probes are of a run's model"
    path = work.folder / REPORT
    if read_object(path) is None:
        longest = job.run.config.get("max_length", MAX_LENGTH)
        config = {
            **model(job.base, job.run), **job.config, "data": str(work.data),
            "out": str(work.folder), "max_length": longest,
            "batch_tokens": max(4096, longest),
        }  # fmt: skip
        work.recipe("probes", config)
    report = read_object(path)
    if report is None:
        raise TrainingFailed(NOT_WHOLE)
    work.require_whole()
    return {name: report[name] for name in ("prompts", "probes", "order", "seconds")}


def shown(job: Job) -> dict[str, Any]:
    return {"probes": judges.probed(job)}


KIND = Kind(
    "probes",
    gettext_lazy("Probes of a judge"),
    perform,
    checked=checked,
    require=require,
    template="trainer/_job_probes.html",
    shown=shown,
)
