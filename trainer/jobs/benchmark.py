"""A model answers a benchmark; what it has learned from is taken out first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from curation import handoff, overlap
from curation.errors import CurationError
from curation.handoff import Person
from trainer import benchmark_files, benchmarking, jsonl, scoreboard
from trainer.actions import benchmarks
from trainer.benchmark_files import Question
from trainer.errors import TrainerError, TrainingFailed
from trainer.folders import model
from trainer.jobs.kind import Kind, require_numbers
from trainer.models import Benchmark, Job, Run
from trainer.recipes.common import read_manifest
from trainer.work import Work

QUESTIONS, ANSWERED = "questions.jsonl", "answered.jsonl"
DEFAULTS: dict[str, Any] = {
    "benchmark": None,
    "at_most": 500,  # questions, spread evenly over the set
    "max_new_tokens": 64,
    "max_length": 512,
}
LIMITS = {
    "at_most": (1, benchmark_files.QUESTIONS_AT_MOST),
    "max_new_tokens": (1, 2048),
    "max_length": (16, 32_768),
}
REMOVED = gettext_noop("Somebody has removed this benchmark.")
NOT_WHOLE = gettext_noop("The benchmark ended without a whole result. See the log.")
UNKNOWN = gettext_noop(
    "Words that the model has learned from are destroyed, so nobody can tell which of the "
    "questions it knows."
)


def checked(raw: dict[str, Any]) -> dict[str, Any]:
    config = require_numbers(raw, DEFAULTS, LIMITS)
    there = config["benchmark"]
    if type(there) is not int or not Benchmark.objects.filter(pk=there).exists():
        raise TrainerError(_("There is no such benchmark."))
    if config["max_length"] <= config["max_new_tokens"]:
        raise TrainerError(_("“Tokens per example” must leave room for an answer."))
    return config


def require(run: Run | None, config: dict[str, Any], by: Person) -> None:
    if run is not None and run.gives_marks:
        raise TrainerError(
            _("Run %(number)d marks answers and writes none.") % {"number": run.pk}
        )
    there = Benchmark.objects.filter(pk=config["benchmark"]).first()
    if there is None or not handoff.may_curate(by, there.dataset_id):
        raise TrainerError(_("There is no such benchmark."))
    if run is not None and run.dataset_id != there.dataset_id:
        raise TrainerError(_("There is no such benchmark."))


def perform(work: Work[Job]) -> dict[str, Any]:
    job, config = work.row, work.row.config
    there = Benchmark.objects.filter(pk=config["benchmark"]).first()
    if there is None:
        raise TrainingFailed(REMOVED)
    every = benchmark_files.unpacked(bytes(there.packed))
    asked = {str(n): every[n] for n in spread(len(every), config["at_most"])}
    known = learned(job.run, asked)
    out = work.folder / "benchmark"
    try:
        if read_manifest(out) is None:
            out.mkdir(exist_ok=True)
            work.recipe("benchmark", _recipe_config(job, out, asked))
    finally:
        (out / QUESTIONS).unlink(missing_ok=True)
    if (manifest := read_manifest(out)) is None:
        raise TrainingFailed(NOT_WHOLE)
    found = jsonl.read(out / ANSWERED)
    return {
        "name": there.name,
        "digest": there.digest,
        "asked": len(found),
        "contaminated": len(known),
        "figures": benchmarking.figures(found, asked, known),
        "seconds": manifest["seconds"],
    }


def spread(count: int, at_most: int) -> list[int]:
    """The same ones for every model."""
    wanted = min(count, at_most)
    return [place * count // wanted for place in range(wanted)]


def learned(run: Run | None, asked: dict[str, Question]) -> set[str]:
    """The questions that stand in the versions that the model learned from."""
    if run is None:
        return set()
    names, every = list(asked), list(asked.values())
    try:
        found = overlap.contaminated(
            run.learned_from(),
            [one.prompt for one in every],
            [one.answer for one in every],
        )
    except CurationError as refusal:
        raise TrainingFailed(UNKNOWN) from refusal
    return {names[place] for place in found}


def _recipe_config(job: Job, out: Path, asked: dict[str, Question]) -> dict[str, Any]:
    config = job.config
    path = jsonl.write(out / QUESTIONS, (_line(*one) for one in asked.items()))
    return {
        **model(job.base, job.run),
        "questions": str(path),
        "out": str(out),
        "max_new_tokens": config["max_new_tokens"],
        "max_length": config["max_length"],
        "batch_tokens": max(4096, config["max_length"]),
    }


def _line(name: str, one: Question) -> dict[str, Any]:
    answer = one.right if one.options else one.answer
    return {"id": name, "prompt": one.prompt, "options": one.options, "answer": answer}


def shown(job: Job) -> dict[str, Any]:
    return {"rows": [scoreboard.of_job(job)]}


KIND = Kind(
    "benchmark",
    gettext_lazy("Benchmark"),
    perform,
    keep=benchmarks.keep,
    checked=checked,
    require=require,
    template="trainer/_job_benchmark.html",
    shown=shown,
)
