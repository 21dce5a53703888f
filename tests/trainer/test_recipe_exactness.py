"""Killed and started again, a run on preferences ends with the same bytes."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.preference_fixtures import write_preferences
from tests.trainer.recipe_fixtures import finish, start, tiny, write_config

RECIPES = ("reward", "dpo", "unpaired")


@pytest.mark.parametrize("recipe", RECIPES)
def test_killed_and_started_again_it_ends_with_the_same_bytes(recipe, tiny, tmp_path):
    whole, torn = (folder_of(tiny, tmp_path / name) for name in ("whole", "torn"))
    calm = finish(start(recipe, whole))
    process = start(recipe, torn)
    for text in process.stdout:
        event = json.loads(text)
        if event["event"] == "step" and event["step"] == 5:
            os.kill(process.pid, signal.SIGKILL)
            break
    process.communicate()

    events = finish(start(recipe, torn))

    opened = next(event for event in events if event["event"] == "started")
    assert opened["resumed_at"] == 3
    for name in ("adapter/adapter_model.safetensors", "adapter/adapter_config.json",
                 "verdicts.jsonl", "order.jsonl"):  # fmt: skip
        assert made(torn, name) == made(whole, name)
    for field in ("tokens", "final_loss", "held_out", "preferences"):
        assert events[-1][field] == calm[-1][field]


def folder_of(base: Path, folder: Path) -> Path:
    """The config of a small run, in a folder of its own."""
    data = write_preferences(folder)
    return write_config(
        folder, base=str(base), data=str(data), out=str(folder / "run"), run="run-1",
        steps=7, batch_size=4, learning_rate=2e-3, checkpoint_every=3, eval_every=3,
    )  # fmt: skip


def made(config: Path, name: str) -> bytes:
    return (config.parent / "run" / name).read_bytes()
