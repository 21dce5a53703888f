"""Whole weights to take away: the base's with a run's adapter added in, and a card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from curation.handoff import Person
from trainer import lineage
from trainer.errors import TrainerError, TrainingFailed
from trainer.folders import MODEL, folder_of_job, model
from trainer.jobs.kind import Kind
from trainer.models import Job, Run
from trainer.recipes.common import read_manifest
from trainer.work import Work, require_whole

NOT_WHOLE = gettext_noop("The export ended without whole files. See the log.")


def checked(raw: dict[str, Any]) -> dict[str, Any]:
    """It has no settings."""
    if raw:
        raise TrainerError(_("Unknown setting “%(name)s”.") % {"name": sorted(raw)[0]})
    return {}


def require(run: Run | None, config: dict[str, Any], by: Person) -> None:
    """Whole weights need no merging."""
    if run is not None and run.is_whole:
        raise TrainerError(
            _("Run %(number)d tuned all weights. Download its model as it is.")
            % {"number": run.pk}
        )


def perform(work: Work[Job]) -> dict[str, Any]:
    job = work.row
    if job.run is None:
        raise TrainingFailed(gettext_noop("Only a run's model can be exported."))
    require_whole(job.run)  # and of the runs whose weights are in it
    out = work.folder / "export"
    if read_manifest(out) is None:  # what is there is not made again
        told = work.folder / "facts.json"
        facts = json.dumps(lineage.facts(job.run), ensure_ascii=False)
        told.write_text(facts, encoding="utf-8")
        files = {"out": str(out), "form": MODEL, "facts": str(told)}
        work.recipe("export", model(job.base, job.run) | files)
    manifest = read_manifest(out)
    if manifest is None:
        raise TrainingFailed(NOT_WHOLE)
    work.require_whole()
    return {
        "bytes": manifest["bytes"],
        "form": MODEL,
        "files": sorted(manifest["files"]),
        "adapter_sha256": manifest["adapter_sha256"],
    }


def files(job: Job) -> list[tuple[str, Path]]:
    """Of a finished one, by their names in the archive."""
    out = folder_of_job(job) / "export"
    return [(Path(name).name, out / name) for name in job.result.get("files", [])]


KIND = Kind(
    "export",
    gettext_lazy("Merge weights and export"),
    perform,
    checked=checked,
    require=require,
    template="trainer/_export.html",
)
