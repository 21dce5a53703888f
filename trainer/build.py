"""Gets a base model ready: builds the starter, or fetches a pinned one from the hub."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

from django.conf import settings

from trainer import child
from trainer.actions import bases
from trainer.errors import TrainerError, TrainingFailed
from trainer.models import BaseModel
from trainer.recipes import starter_key
from trainer.watch import Watch


def want_starter(built_with: dict[str, Any] | None = None) -> BaseModel:
    """The row of the starter that this machine's sources and libraries make."""
    steps = settings.STARTER_STEPS or starter_key.STEPS
    facts = built_with or {"steps": steps, "seed": starter_key.SEED}
    key = _key(facts)
    path = starter_key.find(Path(settings.MODELS_DIR), facts)
    return bases.ensure_starter(key=key, built_with=facts, path=path)


def _key(built_with: dict[str, Any]) -> str:
    try:
        return starter_key.content_key(built_with)
    except PackageNotFoundError as missing:
        raise TrainingFailed(
            f"This machine lacks the training libraries ({missing.name}). "
            "Install winnow[training] on it."
        ) from missing


def build(base: BaseModel) -> str:
    """The place of a claimed base once it is whole. Raises TrainingFailed or Lost."""
    folder = Path(settings.MODELS_DIR) / f".work-{base.slug}"
    folder.mkdir(parents=True, exist_ok=True)
    with Watch(beat=lambda: bases.beat(base)) as watch:
        child.end_previous(folder)
        if base.kind == BaseModel.Kind.STARTER:
            return _build_starter(base, folder, watch)
        return _fetch(base, folder, watch)


def _build_starter(base: BaseModel, folder: Path, watch: Watch) -> str:
    if _key(base.built_with) != base.content_key:
        raise TrainingFailed(
            "The recipe of this starter has changed since. Build the new one."
        )
    config = {"models_dir": str(settings.MODELS_DIR), **base.built_with}
    process = child.start("starter", config, folder)
    shown, place = 0, ""
    with watch.over(process):
        for event in process.events():
            if event and event["event"] == "step":
                percent = 100 * event["step"] // event["of"]
                if percent > shown:
                    shown = percent
                    bases.report(base, progress=percent)
            elif event and event["event"] == "done":
                place = event["path"]
    return place


def _fetch(base: BaseModel, folder: Path, watch: Watch) -> str:
    """Into the machine's own cache, where the recipes find it while they are offline."""
    module = f"{child.RECIPES}.fetch"
    command = [sys.executable, "-m", module, base.location, base.revision]
    process = child.start_command("fetch", command, folder, may_reach_hub=True)
    with watch.over(process):
        for _ in process.events():
            pass  # it has none: it prints the folder, last of all
    try:
        bases.check_folder(Path(process.last_line))
    except TrainerError as refusal:
        raise TrainingFailed(str(refusal)) from refusal
    return base.location
