"""From a claimed row to a tuned model: each phase is a child process on files.

A phase whose files are whole is not run again, so a second attempt goes on where the
first was lost. `RUNS_DIR/<id>/` holds config.json, log.txt, run.json, checkpoints/,
adapter/ or model/, manifest.json, eval.json and samples/; while it runs also data/, where
versions are kept elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_noop

from trainer import held_out, instructions, jsonl, methods, sharded
from trainer.actions import results, runs
from trainer.errors import TrainingFailed
from trainer.folders import ADAPTER, MODEL, beside
from trainer.folders import folder_of as folder_of
from trainer.folders import folder_of_job as folder_of_job
from trainer.folders import model as model
from trainer.held_out import HeldOut
from trainer.jobs.kinds import KINDS, require_in_use
from trainer.models import Checkpoint, Job, Run, Sample
from trainer.progress import Progress
from trainer.recipes.common import read_manifest, read_object
from trainer.sharded import Take
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
        phases = _Phases(run, work)
        steps = [phases.tune, phases.evaluate]
        if phases.method.answers:
            steps += [phases.sample, phases.offer]
        for phase in steps:
            work.require_whole()
            phase()


def perform(job: Job) -> dict[str, Any]:
    """Do all of a claimed job but its end; return its result. Raises as `train` does."""
    kind = KINDS.get(job.kind)
    if kind is None:
        raise TrainingFailed(
            gettext_noop("This worker knows no such job. Start its newest release there.")
        )
    require_in_use(job.kind, job.run, job.config)  # since it was asked for
    with begun(
        job,
        folder_of_job(job),
        digest=job.version.digest,
        reads_files=kind.reads_files,
    ) as work:
        return kind.perform(work)


class _Phases:
    """One attempt of one run, phase by phase."""

    def __init__(self, run: Run, work: Work[Run]) -> None:
        self.run, self.work, self.method = run, work, methods.of(run)
        self.config: Any = methods.settings_of(run)
        self.folder, self.data = work.folder, work.data

    def tune(self) -> None:
        runs.enter(self.run, Phase.TRAINING)
        if read_manifest(self.folder) is None:
            self._tune()
        manifest = self._manifest()
        result = MODEL if self.config.is_whole else ADAPTER
        weights = {
            name: sha
            for name, sha in sorted(manifest["files"].items())
            if name.startswith(f"{result}/") and name.endswith(".safetensors")
        }
        runs.publish(
            self.run,
            path=f"{self.folder.name}/{result}",
            sha256=hash_of(weights),
            size=sum((self.folder / name).stat().st_size for name in weights),
            kind=Checkpoint.Kind(result),
        )

    def _tune(self) -> None:
        config = self._merge_config() if self.run.is_merged else self._tune_config()
        if config.get("shards", 1) == 1:
            self._run(self.run.method, config)
            return
        with self._progress() as take:
            sharded.tune(self.work, config, take=take, threads=self.config.threads)

    def evaluate(self) -> None:
        losses = self._losses() if self.method.answers else None
        results.keep_evaluation(self.run, losses, self._manifest())

    def sample(self) -> None:
        prompts = held_out.prompts(self.data / held_out.HELD_OUT, self.config.samples)
        if not prompts:
            return
        runs.enter(self.run, Phase.SAMPLING)
        out = self.folder / "samples"
        if read_manifest(out) is None:
            out.mkdir(exist_ok=True)
            asked = jsonl.write(
                self.folder / "prompts.jsonl",
                ({"id": one.uid, "messages": one.messages} for one in prompts),
            )
            self._run("sample", self._tuned(out) | self._sample_config(asked))
        self.work.require_whole()  # or destroyed prompts would come back with them
        results.keep_samples(self.run, self._samples(out / "samples.jsonl", prompts))

    def offer(self) -> None:
        if self.config.offer:
            runs.enter(self.run, Phase.OFFERING)
            results.offer(self.run)

    # ---- what came of them ---------------------------------------------------------------

    def _manifest(self) -> dict[str, Any]:
        manifest = read_manifest(self.folder)
        if manifest is None:
            raise TrainingFailed(
                gettext_noop("The training ended without whole weights. See the log.")
            )
        return manifest

    def _losses(self) -> dict[str, Any]:
        """Of the base and of the tuned model."""
        path = self.folder / "eval.json"
        if not path.exists():
            self._run("evaluate", self._tuned(self.folder) | self._evaluate_config())
        report = read_object(path)
        if report is None or report["after"] is None:
            raise TrainingFailed(
                gettext_noop("The evaluation left no result. See the log.")
            )
        return report

    def _samples(self, path: Path, prompts: list[HeldOut]) -> list[Sample]:
        answers = {line["id"]: line for line in jsonl.read(path)}
        return [
            Sample(
                run=self.run,
                position=position,
                prompt_uid=UUID(prompt.uid),
                prompt_text=prompt.messages[-1]["content"],
                base_text=storable(answers[prompt.uid]["base"]),
                tuned_text=storable(answers[prompt.uid]["tuned"]),
                base_ended=answers[prompt.uid].get("base_ended"),
                tuned_ended=answers[prompt.uid].get("tuned_ended"),
            )
            for position, prompt in enumerate(prompts)
        ]

    # ---- one child -----------------------------------------------------------------------

    def _run(self, recipe: str, config: dict[str, Any]) -> None:
        with self._progress() as take:
            self.work.recipe(recipe, config, take=take, threads=self.config.threads)

    @contextmanager
    def _progress(self) -> Iterator[Take]:
        progress = Progress(self.run)
        try:
            yield progress.take
        finally:
            self.work.patiently(progress.flush)

    # ---- configs of the recipes ----------------------------------------------------------

    def _tuned(self, out: Path) -> dict[str, Any]:
        """The base, and what came of the training."""
        return beside(self.run) | {
            "out": str(out),
            "max_length": self.config.max_length,
            "threads": self.config.threads,
        }

    def _tune_config(self) -> dict[str, Any]:
        told = instructions.training(
            self.run, data=self.data, out=self.folder, name=f"run-{self.run.pk}"
        )
        return told | instructions.reporting()

    def _merge_config(self) -> dict[str, Any]:
        parts = self.run.parts.select_related("run")
        return {
            "adapters": [str(folder_of(part.run) / ADAPTER) for part in parts],
            "out": str(self.folder),
            "method": self.config.way,
        }

    def _evaluate_config(self) -> dict[str, Any]:
        replay = instructions.replay_of(self.run.base)
        return instructions.evaluation(self.run, data=self.data) | {"replay": replay}

    def _sample_config(self, prompts: Path) -> dict[str, Any]:
        return {
            "prompts": str(prompts),
            "max_new_tokens": self.config.max_new_tokens,
            "temperature": self.config.temperature,
            "seed": self.config.seed,
        }


def hash_of(weights: dict[str, str]) -> str:
    """Of one file its own; of weights in several files, one over their hashes by name."""
    if len(weights) == 1:
        return next(iter(weights.values()))
    listed = "".join(f"{sha}  {name}\n" for name, sha in sorted(weights.items()))
    return hashlib.sha256(listed.encode()).hexdigest()
