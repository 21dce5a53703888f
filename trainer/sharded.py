"""A run of several adapters: each learns its part of the examples, one after another, and
their mean is the run's model. What an earlier run learned of the same part is taken over.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from trainer.folders import SHARDS, folder_of
from trainer.models import Run
from trainer.recipes import shards
from trainer.recipes.common import read_manifest
from trainer.recipes.data import TRAIN
from trainer.work import Event, Work

Take = Callable[[Event | None], None]


def tune(work: Work[Run], config: dict[str, Any], *, take: Take, threads: int) -> None:
    """All parts, and then their mean: an adapter in the run's folder. Stopped and started
    again it goes on where it was."""
    each = shards.steps_of_each(config["steps"], config["shards"])
    there = shards.present(Path(config["data"]) / TRAIN, config["shards"])
    done, tokens = [], 0
    for place, shard in enumerate(there):
        out = work.folder / SHARDS / str(shard)
        part = {
            **config, "steps": each, "shard": shard, "out": str(out),
            "run": f"{config['run']}-shard-{shard}",
        }  # fmt: skip
        shift = _Shift(take, before=place * each, total=len(there) * each, tokens=tokens)
        manifest = read_manifest(out) or _taken_over(work.row, part)
        if manifest is None:
            out.mkdir(parents=True, exist_ok=True)
            work.recipe(work.row.method, part, take=shift.take, threads=threads)
            manifest = read_manifest(out) or {}
        tokens += int(manifest.get("tokens", 0))
        done.append(str(out))
    work.recipe("join", {"shards": done, "out": str(work.folder)}, take=_unheard)


def _taken_over(run: Run, part: dict[str, Any]) -> dict[str, Any] | None:
    """From the run that this one repeats, where that learned the very same of this part."""
    if run.replaces is None:
        return None
    old = folder_of(run.replaces) / SHARDS / str(part["shard"])
    if shards.same(old, shards.learned(part)) is None:
        return None
    shards.copy(old, Path(part["out"]))
    return read_manifest(Path(part["out"]))


class _Shift:
    """Tells of a part's steps as steps of the whole."""

    def __init__(self, take: Take, *, before: int, total: int, tokens: int) -> None:
        self._take = take
        self._before, self._total, self._tokens = before, total, tokens

    def take(self, event: Event | None) -> None:
        self._take(None if event is None else self._shifted(event))

    def _shifted(self, event: Event) -> Event:
        told = dict(event)
        for name in ("step", "resumed_at"):
            if name in told:
                told[name] += self._before
        for name in ("steps", "of"):
            if name in told:
                told[name] = self._total
        if told.get("event") in ("started", "step") and "tokens" in told:
            told["tokens"] += self._tokens
        return told


def _unheard(event: Event | None) -> None:
    """Joining takes a moment and has no steps."""
