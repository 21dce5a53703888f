"""Small trainings that a job compares: a run's recipe and settings on parts of its version.

Each leaves its losses of the held-out answers in `trials/`, and nothing else: a second
attempt goes on in the middle of the one that was lost, and repeats none before it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from trainer import estimates, instructions
from trainer.actions import fence
from trainer.chance import Asked
from trainer.errors import TrainerError, TrainingFailed
from trainer.folders import ADAPTER, MODEL, model
from trainer.models import Job, Run
from trainer.recipes.common import read_object, write_json
from trainer.recipes.data import HELD_OUT, TRAIN
from trainer.work import Event, Work, require_whole

FOLDER = "trials"
SEEDS_LEAST, SEEDS_MOST, SEEDS = 2, 5, 3
NO_RESULT = gettext_noop("A training left no result. See the log.")


class Trial(NamedTuple):
    name: str
    seed: int
    without: frozenset[str]  # answers of the examples that it does not learn from
    steps: int | None = None  # None: as many as the run


class Found(NamedTuple):
    """Of each trial, by its name: the losses of these answers, in their order."""

    asked: list[Asked]
    losses: dict[str, list[float]]


def checked(seeds: Any) -> int:
    if type(seeds) is not int or not SEEDS_LEAST <= seeds <= SEEDS_MOST:
        said = _("Choose %(least)d to %(most)d seeds.")
        raise TrainerError(said % {"least": SEEDS_LEAST, "most": SEEDS_MOST})
    return seeds


def require(run: Run | None) -> None:
    """Held-out losses are compared, so it takes a fine-tune on accepted answers."""
    if run is None or run.method != Run.Method.SFT:
        raise TrainerError(_("This is asked of a supervised fine-tune."))
    if run.parent_id is not None or run.is_merged:
        raise TrainerError(
            _(
                "Run %(number)d goes on from other models, which may have learned the same "
                "examples before. Ask this of a fine-tune that begins at its base."
            )
            % {"number": run.pk}
        )
    if not run.version.held_out_count:
        raise TrainerError(
            _("Its version holds nothing out, so no two models can be compared on it.")
        )


def seeds_of(job: Job) -> list[int]:
    """The run's own first."""
    assert job.run is not None, "asked of a run"
    first = int(job.run.config["seed"])
    return [first + number for number in range(job.config["seeds"])]


def seconds(run: Run) -> float:
    """What one will take about, as the run itself took; 0 where nothing is known."""
    return estimates.seconds_taken([run])[run.pk]


def done(work: Work[Job], trials: Sequence[Trial]) -> Found:
    """All of them. Raises as `Work.recipe` does."""
    reports = []
    require_whole(work.row.run)  # its ancestors' words are learned from, too
    fence.report(work.row, of=len(trials))
    for number, trial in enumerate(trials, 1):
        reports.append(_losses(work, trial))
        fence.report(work.row, step=number, of=len(trials), lost=0)
    require_whole(work.row.run)
    first = {line["id"]: line for line in reports[0]["examples"]}
    talks = {line["id"]: line["conversation"] for line in lines(work.data / HELD_OUT)}
    asked = [
        Asked(uid, line["category"], talks[uid], line["tokens"])
        for uid, line in first.items()
    ]
    by_trial = {
        trial.name: {line["id"]: line["loss_after"] for line in report["examples"]}
        for trial, report in zip(trials, reports, strict=True)
    }
    losses = {name: [found[one.uid] for one in asked] for name, found in by_trial.items()}
    return Found(asked, losses)


def lines(path: Path) -> list[dict[str, Any]]:
    """The examples of a version's file, without their words."""
    with path.open(encoding="utf-8") as file:
        told = (json.loads(line) for line in file if line.strip())
        return [
            {name: one[name] for name in ("id", "category", "conversation")} for one in told
        ]


def _losses(work: Work[Job], trial: Trial) -> dict[str, Any]:
    kept = work.folder / FOLDER / f"{trial.name}.json"
    out = work.folder / FOLDER / trial.name
    found = read_object(kept)
    if found is None:
        found = _trained(work, trial, out)
        write_json(kept, {"examples": found["examples"]})
    if out.exists():  # also where the attempt before ended just here
        shutil.rmtree(out)
    return found


def _trained(work: Work[Job], trial: Trial, out: Path) -> dict[str, Any]:
    run = work.row.run
    assert run is not None, "asked of a run"
    data = _part(work.data, out / "data", trial.without)
    told = instructions.training(run, data=data, out=out, name=f"{work.row}, {trial.name}")
    # Nobody watches its curve.
    told |= {"seed": trial.seed, "eval_every": 0, "held_out_limit": 0}
    if trial.steps is not None:
        told["warmup_steps"] = told["warmup_steps"] * trial.steps // told["steps"]
        told["steps"] = trial.steps
    if "shards" in told:
        told["shards"] = 1  # what examples bring is asked of one adapter of all
    threads = told["threads"]
    work.recipe("sft", told, take=_heard, threads=threads)
    made = {"model": str(out / MODEL)} if run.is_whole else {"adapter": str(out / ADAPTER)}
    config = {
        **model(run.base), **made, **instructions.evaluation(run, data=data),
        "out": str(out), "max_length": told["max_length"], "threads": threads,
    }  # fmt: skip
    work.recipe("evaluate", config, take=_heard, threads=threads)
    report = read_object(out / "eval.json")
    if report is None:
        raise TrainingFailed(NO_RESULT)
    return report


def _part(version: Path, data: Path, without: frozenset[str]) -> Path:
    """The version's files, less what this training does not learn from."""
    data.mkdir(parents=True, exist_ok=True)
    with (
        (version / TRAIN).open(encoding="utf-8") as every,
        (data / TRAIN).open("w", encoding="utf-8") as some,
    ):
        for line in every:
            if line.strip() and json.loads(line)["id"] not in without:
                some.write(line)
    held_out = data / HELD_OUT
    held_out.unlink(missing_ok=True)
    held_out.symlink_to((version / HELD_OUT).resolve())
    return data


def _heard(event: Event | None) -> None:
    """Trainings are counted, and not their steps."""
