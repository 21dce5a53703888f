"""What recipes are told of a run: its settings, and where things lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from trainer import methods
from trainer.folders import ADAPTER, folder_of
from trainer.methods import OF_THE_ANSWERS
from trainer.models import BaseModel, Run


def training(run: Run, *, data: Path, out: Path, name: str) -> dict[str, Any]:
    """All settings but those of its answers; `name` tells one training from another."""
    base, parent = run.base, run.parent
    chosen = methods.settings_of(run).as_json()
    config = {
        **{key: chosen[key] for key in chosen if key not in OF_THE_ANSWERS},
        "base": base.location,
        "revision": base.revision or None,
        "parent": str(folder_of(parent) / ADAPTER) if parent else None,
        "run": name,
        "data": str(data),
        "out": str(out),
    }
    if "replay_share" in chosen:
        config["replay"] = replay_of(base)
    return config


def evaluation(run: Run, *, data: Path) -> dict[str, Any]:
    length = methods.settings_of(run).max_length
    return {"data": str(data), "batch_tokens": max(4096, length)}


def replay_of(base: BaseModel) -> str | None:
    """The base's own examples, where it brings some."""
    replay = Path(base.location) / "replay.jsonl"
    return str(replay) if replay.is_file() else None


def reporting() -> dict[str, str]:
    """Where training is watched from outside, for a recipe that trains."""
    if not settings.REPORT_TO:
        return {}
    return {
        "report_to": ",".join(settings.REPORT_TO),
        "report_folder": str(settings.REPORT_FOLDER),
        "report_uri": settings.REPORT_URI,
    }
