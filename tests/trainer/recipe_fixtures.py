"""A tiny starter, built once a session, and a small version to train it on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.trainer import warm
from trainer.recipes import models, starter, starter_corpus

ROOT = Path(__file__).parents[2]
NAMES, THINGS = starter_corpus.NAMES, starter_corpus.THINGS[:12]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A starter of twenty steps: it knows the format and little else."""
    # By one name: each module that imports this fixture asks again, one of them builds.
    models_dir = tmp_path_factory.getbasetemp() / "models"
    return starter.ensure(models_dir, {"steps": 20, "seed": 1})


@pytest.fixture(scope="session")
def tiny_tokenizer(tiny: Path) -> Any:
    tokenizer, _ = models.load_base(str(tiny))
    return tokenizer


@pytest.fixture
def version(tmp_path: Path) -> Path:
    return write_version(tmp_path)


def write_version(folder: Path) -> Path:
    """Twenty-four polite requests to learn from, six held out, in two categories."""
    lines = list(polite_requests(30))
    version = folder / "version"
    version.mkdir()
    (version / "train.jsonl").write_text("".join(lines[:24]), encoding="utf-8")
    (version / "held_out.jsonl").write_text("".join(lines[24:]), encoding="utf-8")
    return version


def polite_requests(count: int) -> Iterator[str]:
    for number in range(count):
        thing = THINGS[number % len(THINGS)]
        name = NAMES[number % len(NAMES)]
        yield line(
            number,
            f"Rewrite politely: Bring {name} the {thing}.",
            f"Could you please bring {name} the {thing}?",
            category="polite" if number % 2 else "courtesy",
        )


def line(number: int, asked: str, answered: str, category: str = "polite") -> str:
    content = {
        "id": f"m{number}",
        "conversation": f"c{number}",
        "category": category,
        "prompt": [{"role": "user", "content": asked}],
        "completion": [{"role": "assistant", "content": answered}],
    }
    return json.dumps(content) + "\n"


def write_config(folder: Path, **settings: Any) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    return path


def start(
    recipe: str, config: Path, *, cold: bool = False, **environment: str
) -> subprocess.Popen[str]:
    """The recipe as the worker starts it: a child process, one thread.

    Cold: a process that imports all by itself, for tests that look at the process.
    """
    command = [sys.executable, "-m", f"trainer.recipes.{recipe}", str(config)]
    return subprocess.Popen(
        command if cold else warm.command(command),
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """Its events, once it has ended."""
    stdout, stderr = process.communicate(timeout=400)
    assert process.returncode in (0, 2), stderr
    return [json.loads(line) for line in stdout.splitlines()]
