"""Where the files of runs and jobs are, and where a recipe finds a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from trainer.models import BaseModel, Job, Run

ADAPTER, MODEL = "adapter", "model"  # of all weights
SHARDS = "shards"  # adapters, each of a part of the examples
WEIGHTS = "adapter_model.safetensors"
TALK_ASKED, TALK_SAID = "talk-asked.json", "talk-said.json"  # as the recipe calls them


def folder_of(run: Run) -> Path:
    return Path(settings.RUNS_DIR) / str(run.pk)


def folder_of_job(job: Job) -> Path:
    return Path(settings.RUNS_DIR) / f"job-{job.pk}"


def forget_talk(folder: Path) -> None:
    for name in (TALK_ASKED, TALK_SAID):
        (folder / name).unlink(missing_ok=True)


def jobs_with_talk() -> set[int]:
    """Jobs in whose folders there are words of a talk."""
    found = Path(settings.RUNS_DIR).glob("job-*/talk-*.json")
    return {int(path.parent.name.removeprefix("job-")) for path in found}


def model(base: BaseModel, run: Run | None = None) -> dict[str, Any]:
    """Where a recipe finds a model: the base's place, and the run's adapter on it.

    A run that tuned all weights has a folder of its own in the place of the base.
    """
    if run and run.is_whole:
        return {"base": str(folder_of(run) / MODEL), "revision": None, "adapter": None}
    adapter = str(folder_of(run) / ADAPTER) if run else None
    return {
        "base": base.location, "revision": base.revision or None, "adapter": adapter,
    }  # fmt: skip


def beside(run: Run) -> dict[str, Any]:
    """For a recipe that asks both: the base, and what came of the run beside it."""
    made = MODEL if run.is_whole else ADAPTER
    return model(run.base) | {made: str(folder_of(run) / made)}
