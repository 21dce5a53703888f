"""How long somebody waits for an answer in the playground. `make bench NAME=talk`

The starter and an adapter on it answer side by side, as a trainer worker has them do it:
`cold` from the start of the process, with loading, `warm` while they stay loaded, the
median of QUESTIONS= questions. `first_s` is the time to the first words of both,
`whole_s` to the end of the longer answer, `cpu_s` what the process worked for one, which
other work on the machine hardly changes. On one thread, of at most 128 tokens.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from peft import LoraConfig, get_peft_model

from benchmarks.starters import starter
from config.places import ROOT
from trainer.recipes.models import load_base

QUESTIONS = int(os.environ.get("QUESTIONS", "20"))
ASKED = (
    "Tell a story about Mia and a frog.",
    "What is the capital of France?",
    "Rewrite politely: Bring me the red chair.",
)


def main() -> None:
    base = starter()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        config = {
            "folder": place, "bases": [base, base], "revisions": ["", ""],
            "adapters": [adapter(base, folder), ""],
        }  # fmt: skip
        (folder / "talk.json").write_text(json.dumps(config))
        began = time.monotonic()
        process = start(folder / "talk.json")
        try:
            lines = events(process)
            say("cold", [ask(folder, lines, 0, began)], worked(process))
            before = worked(process)
            warm = [ask(folder, lines, number) for number in range(1, QUESTIONS + 1)]
            say("warm", warm, (worked(process) - before) / QUESTIONS)
        finally:
            process.kill()


def adapter(base: str, folder: Path) -> str:
    """It has learned nothing, and costs what any costs."""
    _, model = load_base(base)
    shape = LoraConfig(r=8, target_modules="all-linear", task_type="CAUSAL_LM")
    get_peft_model(model, shape).save_pretrained(folder / "adapter")
    return str(folder / "adapter")


def start(config: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "trainer.recipes.talk", str(config)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )


def events(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            yield json.loads(line)
    raise SystemExit("The talk ended early.")


def ask(
    folder: Path, lines: Iterator[dict[str, Any]], number: int, began: float | None = None
) -> tuple[float, float, int]:
    """Seconds to the first words and to the end, and how many tokens were said."""
    messages = [{"role": "user", "content": ASKED[number % len(ASKED)]}]
    question = {
        "turn": number, "prompts": [messages, messages], "seed": number,
        "temperature": 0.7, "max_new_tokens": 128,
    }  # fmt: skip
    aside = folder / "aside"
    aside.write_text(json.dumps(question))
    began = began or time.monotonic()
    aside.rename(folder / "talk-asked.json")
    first = 0.0
    for event in lines:
        if event["event"] == "said":
            first = first or time.monotonic() - began
            if event["done"]:
                break
    said = json.loads((folder / "talk-said.json").read_text())["said"]
    return first, time.monotonic() - began, sum(one["tokens"] for one in said)


def worked(process: subprocess.Popen[str]) -> float:
    """Seconds of the processor."""
    times = psutil.Process(process.pid).cpu_times()
    return float(times.user + times.system)


def say(how: str, waits: list[tuple[float, float, int]], cpu: float) -> None:
    first, whole, tokens = (median(column) for column in zip(*waits, strict=True))
    found = {
        "first_s": round(first, 2), "whole_s": round(whole, 2),
        "cpu_s": round(cpu, 2), "tokens": tokens, "questions": len(waits),
        "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip
    print(json.dumps({"talk": how, **found}), flush=True)


if __name__ == "__main__":
    main()
