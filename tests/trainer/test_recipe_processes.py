"""The same recipe files in two processes: as one process with the whole batch."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from tests.trainer.preference_fixtures import write_preferences
from tests.trainer.recipe_fixtures import (
    ROOT,
    finish,
    start,
    tiny,
    write_config,
    write_version,
)

# As in docs/engineers.md.
LAUNCH = ["--multi_gpu", "--num_processes=2", "--num_machines=1", "--main_process_port=0"]
LAUNCH += ["--mixed_precision=no", "--dynamo_backend=no"]


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["sft", "reward", "dpo"])
def test_two_processes_learn_what_one_does_from_the_same_batches(recipe, tiny, tmp_path):
    alone = config(recipe, tiny, tmp_path / "alone", batch_size=8)
    shared = config(recipe, tiny, tmp_path / "shared", batch_size=4)

    one, two = finish(start(recipe, alone)), finish(launched(recipe, shared))

    assert [e["event"] for e in one] == [e["event"] for e in two]  # told once, not twice
    for name in ("loss", "grad_norm", "accuracy", "margin"):
        theirs, ours = (series(events, name) for events in (two, one))
        assert theirs == pytest.approx(ours, rel=2e-3, abs=2e-3)
    assert one[-1]["tokens"] == two[-1]["tokens"]
    left, right = (weights(path) for path in (alone, shared))
    assert left.keys() == right.keys()
    for name, each in left.items():
        assert (each - right[name]).abs().max() < 2e-3, name


def config(recipe: str, base: Path, folder: Path, batch_size: int) -> Path:
    """Without dropout: each process has dice of its own."""
    folder.mkdir()
    write = write_version if recipe == "sft" else write_preferences
    return write_config(
        folder, base=str(base), data=str(write(folder)), out=str(folder / "run"),
        run="run-1", steps=4, batch_size=batch_size, learning_rate=1e-3, lora_dropout=0.0,
        checkpoint_every=0, eval_every=2,
    )  # fmt: skip


def launched(recipe: str, path: Path) -> subprocess.Popen[str]:
    environment = {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "accelerate.commands.launch",
            *LAUNCH,
            "-m",
            f"trainer.recipes.{recipe}",
            str(path),
        ],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def series(events: list[dict[str, Any]], name: str) -> list[float]:
    return [event[name] for event in events if name in event]


def weights(path: Path) -> dict[str, Any]:
    return load_file(path.parent / "run" / "adapter" / "adapter_model.safetensors")
