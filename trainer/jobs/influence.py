"""Which training examples shaped the sampled answers of a model most."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from curation.handoff import Person
from trainer import shaping
from trainer.actions import influences
from trainer.errors import TrainerError, TrainingFailed
from trainer.folders import folder_of, model
from trainer.jobs.kind import Kind
from trainer.models import Job, Run
from trainer.recipes.common import read_object
from trainer.work import Work

NO_ANSWERS = gettext_noop(
    "This model's answers to held-out prompts are gone, or there were none. Start a run "
    "that samples some."
)


def require(run: Run | None, config: dict[str, Any], by: Person) -> None:
    """Gradients are compared on an adapter."""
    if run is not None and run.is_whole:
        raise TrainerError(
            _(
                "Run %(number)d tuned all weights, so there is no adapter to compare its "
                "examples on. Ask a run that tuned an adapter."
            )
            % {"number": run.pk}
        )


def perform(work: Work[Job]) -> dict[str, Any]:
    job = work.row
    assert job.run is not None, "influence is asked of a run's model"
    queries = work.folder / "queries.jsonl"
    lines = [json.dumps(line, ensure_ascii=False) + "\n" for line in answers(job.run)]
    if not lines:
        raise TrainingFailed(NO_ANSWERS)
    queries.write_text("".join(lines), encoding="utf-8")
    settings = {name: job.run.config[name] for name in ("max_length", "threads")}
    config = {
        **model(job.base, job.run), **settings, **job.config,
        "data": str(work.data), "queries": str(queries), "out": str(work.folder),
    }  # fmt: skip
    work.recipe("influence", config, threads=settings["threads"])
    report = read_object(work.folder / "influence.json")
    if report is None:
        raise TrainingFailed(gettext_noop("The comparison left no result. See the log."))
    work.require_whole()
    return {name: report[name] for name in ("answers", "examples", "parameters", "seconds")}


def answers(run: Run) -> list[dict[str, Any]]:
    """What the model said to held-out prompts, each under its place."""
    asked = folder_of(run) / "prompts.jsonl"
    if not asked.is_file():
        return []
    said = [json.loads(line) for line in asked.read_text(encoding="utf-8").splitlines()]
    prompts = {line["id"]: line["messages"] for line in said}
    return [
        {
            "id": str(sample.position),
            "conversation": "",
            "category": "",
            "prompt": prompts[str(sample.prompt_uid)],
            "completion": [{"role": "assistant", "content": sample.tuned_text}],
        }
        for sample in run.samples.all()
        if sample.tuned_text and str(sample.prompt_uid) in prompts
    ]


def shown(job: Job) -> dict[str, Any]:
    assert job.run is not None, "influence is asked of a run's model"
    return {"shaped": shaping.by_answer(job.run)}


KIND = Kind(
    name="influence",
    label=gettext_lazy("What shaped its answers"),
    perform=perform,
    keep=influences.keep,
    require=require,
    template="trainer/_influence.html",
    shown=shown,
)
