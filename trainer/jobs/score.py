"""Scores: what a model makes of every accepted example of a version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from trainer import judges
from trainer.actions import fence, scores
from trainer.errors import TrainerError, TrainingFailed
from trainer.folders import beside, folder_of_job, model
from trainer.jobs.kind import Kind
from trainer.models import Job, Run
from trainer.recipes.common import read_manifest
from trainer.recipes.ledger import lines
from trainer.work import Event, Work

LOSSES, REWARDS, KNOWN = "losses.jsonl", "rewards.jsonl", "known.txt"
MAX_LENGTH = 512
NOT_WHOLE = gettext_noop("The scoring ended without a whole result. See the log.")


def checked(raw: dict[str, Any]) -> dict[str, Any]:
    """{"reward_run": 12}: whose marks are wanted, or none."""
    if unknown := sorted(raw.keys() - {"reward_run"}):
        raise TrainerError(_("Unknown setting “%(name)s”.") % {"name": unknown[0]})
    judge = raw.get("reward_run")
    if judge is not None and judges.finished(judge) is None:
        raise TrainerError(_("There is no finished reward model of that number."))
    return {"reward_run": judge}


def others(run: Run | None, config: dict[str, Any]) -> list[int]:
    judge = config.get("reward_run")
    return [judge] if judge else []


def perform(work: Work[Job]) -> dict[str, Any]:
    job, folder = work.row, work.folder
    if job.run is None:
        raise TrainingFailed(gettext_noop("Scores are of a run's model; name a run."))
    reward_run = job.config.get("reward_run")
    manifest = read_manifest(folder)
    if manifest is None:
        config = {
            **beside(job.run),
            **_judging(reward_run),
            "data": str(work.data),
            "out": str(folder),
            "known": str(_known(folder, job.run, reward_run)),
            "max_length": job.run.config.get("max_length", MAX_LENGTH),
            "batch_tokens": max(4096, job.run.config.get("max_length", MAX_LENGTH)),
        }
        work.recipe("score", config, take=lambda event: _progress(job, event))
        manifest = read_manifest(folder)
    if manifest is None:
        raise TrainingFailed(NOT_WHOLE)
    work.require_whole()
    return {
        "examples": manifest["examples"],
        "tokens": manifest["tokens"],
        "dropped": len(manifest["dropped"]),
        "seconds": manifest["seconds"],
        "has_rewards": manifest["has_rewards"],
    }


def keep(job: Job, result: dict[str, Any]) -> None:
    folder = folder_of_job(job)
    rewards = {line["id"]: line["reward"] for line in lines(folder / REWARDS)}
    found = (line | {"reward": rewards.get(line["id"])} for line in lines(folder / LOSSES))
    scores.keep(job, found, reward_run=job.config.get("reward_run"))


def _known(folder: Path, run: Run, reward_run: int | None) -> Path:
    """Written once, so that a second attempt has the same to do."""
    path = folder / KNOWN
    if not path.exists():
        path.write_text("\n".join(sorted(scores.known_to(run, reward_run))) + "\n")
    return path


def _progress(job: Job, event: Event | None) -> None:
    if event and event.get("event") == "scored":
        # Losses count for the first half of the bar, marks for the second.
        has_two = job.config.get("reward_run") is not None
        done = event["done"] + (event["of"] if event["phase"] == "rewards" else 0)
        fence.report(job, step=done, of=event["of"] * (2 if has_two else 1))


def _judging(reward_run: int | None) -> dict[str, Any]:
    judge = judges.finished(reward_run)
    if judge is None:
        return {}
    return {f"reward_{name}": value for name, value in model(judge.base, judge).items()}


KIND = Kind(
    name="score",
    label=gettext_lazy("Scores of the examples"),
    perform=perform,
    keep=keep,
    checked=checked,
    others=others,
    template="trainer/_job_score.html",
)
