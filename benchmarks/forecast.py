"""Do forecasts of what more examples bring come true? `make bench NAME=forecast`

Three categories that the starter was not taught: it is tuned on nested parts of the first
EXAMPLES of each, as a job of the kind “forecast” does it, and then on a hundred more of
each, in steps in proportion: STEPS for all EXAMPLES. A JSON line a category and repetition
(RUNS=, each with other examples) says what was foretold, and what came of it with each
seed; the last line, of how many trainings something was told, and how many of these the
intervals held. The core seconds (`cs`) are the process's own.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.planted import example, pairs, write
from benchmarks.starters import starter
from trainer import prospects
from trainer.chance import Asked
from trainer.prospects import MORE, PARTS
from trainer.recipes import evaluate, sft

EXAMPLES = int(os.environ.get("EXAMPLES", "60"))
STEPS = int(os.environ.get("STEPS", "60"))
SEEDS = int(os.environ.get("SEEDS", "3"))
RUNS = int(os.environ.get("RUNS", "2"))
HELD_OUT, CATEGORIES = 25, 3
Lines = list[dict[str, Any]]


def main() -> None:
    held = told = asked = 0
    for run in range(1, RUNS + 1):
        with tempfile.TemporaryDirectory() as folder:
            for line in measure(Path(folder), run):
                asked += 1
                told += line["why"] == ""
                held += line["held"] or 0
                tell(line)
    tell({
        "forecasts": asked, "told": told, "trainings": told * SEEDS, "held": held,
        "examples": EXAMPLES,
        "more": MORE, "steps": STEPS, "seeds": SEEDS, "cs": round(time.process_time()),
        "load": round(os.getloadavg()[0], 1),
    })  # fmt: skip


def measure(folder: Path, run: int) -> Lines:
    every = pairs(random.Random(run), CATEGORIES * (EXAMPLES + MORE + HELD_OUT))
    rows = [example(f"e{number}", pair) for number, pair in enumerate(every)]
    held_out, rest = rows[: CATEGORIES * HELD_OUT], rows[CATEGORIES * HELD_OUT :]
    first = rest[: CATEGORIES * EXAMPLES]
    answers: list[Asked] = []
    by_part = []
    for part in (*PARTS, None):
        by_seed = []
        for seed in range(1, SEEDS + 1):
            some = rest if part is None else portion(first, part, seed)
            steps = prospects.steps(STEPS, len(some), len(first))
            answers, losses = lost(folder, some, held_out, seed, steps)
            by_seed.append(losses)
        by_part.append(by_seed)
    sizes = {one["category"]: [round(p * EXAMPLES) for p in PARTS] for one in first}
    found = prospects.prospects(answers, sizes, by_part[:-1])
    return [compared(one, answers, by_part, run) for one in found]


def portion(first: Lines, part: float, seed: int) -> Lines:
    """So much of each category; with one seed the smaller is among the larger."""
    kept: Lines = []
    for name in sorted({one["category"] for one in first}):
        theirs = [one for one in first if one["category"] == name]
        kept += random.Random(seed).sample(theirs, len(theirs))[: round(part * EXAMPLES)]
    return kept


def lost(
    folder: Path, some: Lines, held_out: Lines, seed: int, steps: int
) -> tuple[list[Asked], list[float]]:
    """What a model that learned from these loses on each held-out answer."""
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        contextlib.redirect_stdout(io.StringIO()),
    ):
        data = Path(place)
        write(data / "train.jsonl", some)
        write(data / "held_out.jsonl", held_out)
        out = str(data / "run")
        model: dict[str, Any] = {"base": starter(), "data": place}
        sft.main(
            sft.Config(**model, out=out, steps=steps, seed=seed, learning_rate=5e-3,
                       eval_every=0, checkpoint_every=0, held_out_limit=0)
        )  # fmt: skip
        report = evaluate.main(evaluate.Config(**model, out=out, adapter=f"{out}/adapter"))
    examples = report["examples"]
    answers = [
        Asked(one["id"], one["category"], one["id"], one["tokens"]) for one in examples
    ]
    return answers, [one["loss_after"] for one in examples]


def compared(
    one: prospects.Prospect, answers: list[Asked], by_part: list[Any], run: int
) -> dict[str, Any]:
    before, after = (means(answers, each, one.category) for each in by_part[-2:])
    came = [now - was for was, now in zip(before, after, strict=True)]
    low, high = one.change.low, one.change.high
    held = None
    if one.is_told and low is not None and high is not None:
        held = sum(low <= change <= high for change in came)
    return {
        "run": run,
        "category": one.category,
        "losses": [round(loss.value, 3) for loss in one.losses],
        "foretold": round(one.change.value, 3),
        "low": None if low is None else round(low, 3),
        "high": None if high is None else round(high, 3),
        "came": [round(change, 3) for change in came],
        "why": one.why,
        "held": held,
    }


def means(answers: list[Asked], by_seed: list[list[float]], category: str) -> list[float]:
    """Of a token, with each seed."""
    tokens = [one.tokens * (one.category == category) for one in answers]
    return [
        sum(t * loss for t, loss in zip(tokens, found, strict=True)) / sum(tokens)
        for found in by_seed
    ]


def tell(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
