"""From a claimed row to a tuned model: each phase is a child process on files.

A phase whose files are whole is not run again, so a second attempt goes on where the
first was lost. `RUNS_DIR/<id>/` holds config.json, log.txt, run.json, checkpoints/,
adapter/, manifest.json, eval.json and samples/; while it runs also data/, where versions
are kept elsewhere.
"""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_noop

from trainer.actions import results, runs
from trainer.config import RunConfig
from trainer.errors import TrainingFailed
from trainer.folders import ADAPTER, WEIGHTS
from trainer.folders import folder_of as folder_of
from trainer.folders import folder_of_job as folder_of_job
from trainer.folders import model as model
from trainer.jobs.kinds import KINDS
from trainer.models import Job, Run, Sample
from trainer.progress import Progress
from trainer.recipes.common import read_manifest, read_object
from trainer.text import storable
from trainer.work import Work, begun

Phase = Run.Phase


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def train(run: Run) -> None:
    """Do all of a claimed run but its end, which is the caller's.

    Raises TrainingFailed, Cancelled, Paused or Lost; after each of them no child is left.
    """
    with begun(run, folder_of(run), digest=run.version_digest) as work:
        phases = _Phases(run, RunConfig.parse(run.config), work)
        for phase in (phases.tune, phases.evaluate, phases.sample, phases.offer):
            work.require_whole()
            phase()


def perform(job: Job) -> dict[str, Any]:
    """Do all of a claimed job but its end; return its result. Raises as `train` does."""
    kind = KINDS.get(job.kind)
    if kind is None:
        raise TrainingFailed(
            gettext_noop("This worker knows no such job. Start its newest release there.")
        )
    with begun(job, folder_of_job(job), digest=job.version.digest) as work:
        return kind.perform(work)


class _Phases:
    """One attempt of one run, phase by phase."""

    def __init__(self, run: Run, config: RunConfig, work: Work[Run]) -> None:
        self.run, self.config, self.work = run, config, work
        self.folder, self.data = work.folder, work.data

    def tune(self) -> None:
        runs.enter(self.run, Phase.TRAINING)
        if read_manifest(self.folder) is None:
            self._run("sft", self._sft_config())
        manifest = read_manifest(self.folder)
        if manifest is None:
            raise TrainingFailed(
                gettext_noop("The training ended without a whole adapter. See the log.")
            )
        weights = self.folder / ADAPTER / WEIGHTS
        runs.publish(
            self.run,
            path=f"{self.folder.name}/{ADAPTER}",
            sha256=manifest["files"][f"{ADAPTER}/{WEIGHTS}"],
            size=weights.stat().st_size,
        )

    def evaluate(self) -> None:
        path = self.folder / "eval.json"
        if not path.exists():
            self._run("evaluate", self._tuned(out=self.folder) | self._evaluate_config())
        report = read_object(path)
        if report is None or report["after"] is None:
            raise TrainingFailed(
                gettext_noop("The evaluation left no result. See the log.")
            )
        results.keep_evaluation(self.run, report)

    def sample(self) -> None:
        prompts = chosen_prompts(self.data / "held_out.jsonl", self.config.samples)
        if not prompts:
            return
        runs.enter(self.run, Phase.SAMPLING)
        out = self.folder / "samples"
        if read_manifest(out) is None:
            out.mkdir(exist_ok=True)
            asked = self.folder / "prompts.jsonl"
            lines = (json.dumps(prompt, ensure_ascii=False) + "\n" for prompt in prompts)
            asked.write_text("".join(lines), encoding="utf-8")
            config = self._tuned(out=out) | self._sample_config(asked)
            self._run("sample", config)
        self.work.require_whole()  # or destroyed prompts would come back with them
        results.keep_samples(self.run, self._samples(out / "samples.jsonl", prompts))

    def offer(self) -> None:
        if self.config.offer:
            runs.enter(self.run, Phase.OFFERING)
            results.offer(self.run)

    # ---- one child -----------------------------------------------------------------------

    def _run(self, recipe: str, config: dict[str, Any]) -> None:
        progress = Progress(self.run)
        try:
            self.work.recipe(
                recipe, config, take=progress.take, threads=self.config.threads
            )
        finally:
            self.work.patiently(progress.flush)

    # ---- configs of the recipes ----------------------------------------------------------

    def _tuned(self, *, out: Path) -> dict[str, Any]:
        return self._base() | model(self.run.base, self.run) | {"out": str(out)}

    def _base(self) -> dict[str, Any]:
        base = self.run.base
        return {
            "base": base.location,
            "revision": base.revision or None,
            "max_length": self.config.max_length,
            "threads": self.config.threads,
        }

    def _sft_config(self) -> dict[str, Any]:
        names = (
            "steps", "batch_size", "learning_rate", "warmup_steps", "lora_r", "lora_alpha",
            "lora_dropout", "replay_share", "eval_every", "checkpoint_every", "seed",
        )  # fmt: skip
        replay = Path(self.run.base.location) / "replay.jsonl"
        return self._base() | {
            **{name: getattr(self.config, name) for name in names},
            "run": f"run-{self.run.pk}",
            "data": str(self.data),
            "out": str(self.folder),
            **reporting(),
            "replay": str(replay) if replay.is_file() else None,
        }

    def _evaluate_config(self) -> dict[str, Any]:
        return {
            "data": str(self.data),
            "batch_tokens": max(4096, self.config.max_length),
        }

    def _sample_config(self, prompts: Path) -> dict[str, Any]:
        return {
            "prompts": str(prompts),
            "max_new_tokens": self.config.max_new_tokens,
            "temperature": self.config.temperature,
            "seed": self.config.seed,
        }

    def _samples(self, path: Path, prompts: list[dict[str, Any]]) -> list[Sample]:
        answers = {line["id"]: line for line in _lines(path)}
        return [
            Sample(
                run=self.run,
                position=position,
                prompt_uid=UUID(prompt["id"]),
                prompt_text=prompt["messages"][-1]["content"],
                base_text=storable(answers[prompt["id"]]["base"]),
                tuned_text=storable(answers[prompt["id"]]["tuned"]),
            )
            for position, prompt in enumerate(prompts)
        ]


def reporting() -> dict[str, str]:
    """Where training is watched from outside, for a recipe that trains."""
    if not settings.REPORT_TO:
        return {}
    return {
        "report_to": ",".join(settings.REPORT_TO),
        "report_folder": str(settings.REPORT_FOLDER),
        "report_uri": settings.REPORT_URI,
    }


def chosen_prompts(held_out: Path, count: int) -> list[dict[str, Any]]:
    """At most so many different prompts, spread evenly over the file."""
    prompts = {
        line["prompt_id"]: {"id": line["prompt_id"], "messages": line["prompt"]}
        for line in _lines(held_out)
    }
    every = list(prompts.values())
    count = min(count, len(every))
    return [every[index * len(every) // count] for index in range(count)]


def _lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]
