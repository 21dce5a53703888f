"""Adapters of several runs on one base made into one adapter, with a card."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from curation import handoff
from curation.errors import NotAllowed
from curation.handoff import Person
from trainer import lineage, work
from trainer.errors import TrainerError, TrainingFailed
from trainer.folders import ADAPTER, folder_of, model
from trainer.jobs.export import exported
from trainer.jobs.kind import Kind
from trainer.models import Job, Run
from trainer.recipes.common import read_manifest
from trainer.work import Work

METHODS = ("cat", "ties")
AT_MOST = 8  # ranks add up
NOT_WHOLE = gettext_noop("The merge ended without a whole adapter. See the log.")


def checked(raw: dict[str, Any]) -> dict[str, Any]:
    """{"runs": [12, 14], "method": "cat"}: whose adapters are added to the run's own."""
    if unknown := sorted(raw.keys() - {"runs", "method"}):
        raise TrainerError(_("Unknown setting “%(name)s”.") % {"name": unknown[0]})
    method, numbers = raw.get("method", METHODS[0]), raw.get("runs")
    if method not in METHODS:
        raise TrainerError(_("Adapters are merged by “cat” or “ties”."))
    if not isinstance(numbers, list) or not all(type(one) is int for one in numbers):
        raise TrainerError(_("Choose runs to merge with."))
    numbers = sorted(set(numbers))
    if not 1 <= len(numbers) < AT_MOST:
        said = _("Choose one to %(most)d runs to merge with.")
        raise TrainerError(said % {"most": AT_MOST - 1})
    if _finished(numbers).count() != len(numbers):
        raise TrainerError(_("Only finished runs have an adapter to merge."))
    return {"runs": numbers, "method": method}


def require(run: Run | None, config: dict[str, Any], by: Person) -> None:
    """Adapters on one base, each of a run that the person may take away."""
    for one in [run, *_finished(config["runs"])] if run else []:
        said = {"number": one.pk}
        if not handoff.may_train(by, one.version_id):
            raise NotAllowed(
                _("Only a curator of its dataset can take run %(number)d away.") % said
            )
        if one.is_whole:
            raise TrainerError(
                _("Run %(number)d tuned all weights, so it has no adapter to merge.") % said
            )
        if run and one.base_id != run.base_id:
            raise TrainerError(_("The runs stand on different base models."))


def perform(work_of: Work[Job]) -> dict[str, Any]:
    job, out = work_of.row, work_of.folder / "merged"
    if job.run is None:
        raise TrainingFailed(gettext_noop("Only adapters of runs can be merged."))
    others = list(_finished(job.config["runs"]))
    runs = [job.run, *(run for run in others if run.pk != job.run_id)]
    if any(run.base_id != job.base_id for run in runs):
        raise TrainingFailed(gettext_noop("The runs stand on different base models."))
    for run in runs:
        work.require_whole(run)
    if read_manifest(out) is None:
        folders = [str(folder_of(run) / ADAPTER) for run in runs]
        config = {"adapters": folders, "out": str(out), "method": job.config["method"]}
        work_of.recipe("merge", config)
    if read_manifest(out) is None:
        raise TrainingFailed(NOT_WHOLE)
    facts = lineage.merged(runs, job.config["method"])
    config = model(job.base) | {"adapter": str(out / ADAPTER)}
    return exported(work_of, config, facts, form="adapter")


def _finished(numbers: list[int]) -> Any:
    runs = Run.objects.usable().filter(pk__in=numbers)
    return runs.select_related("base", "version__dataset").order_by("pk")


KIND = Kind(
    "merge",
    gettext_lazy("Merge of adapters"),
    perform,
    checked=checked,
    require=require,
    template="trainer/_export.html",
)
