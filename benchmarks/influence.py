"""Influence held against retraining: `make bench NAME=influence RETRAININGS=24`.

Trains the starter on 200 examples of 20 topics, asks which examples shaped 20 answers, and
then trains it anew on random halves. A JSON line: `lds` is the rank correlation, over those
halves, of what influence foretells for an answer's loss and what the loss came to, averaged
over the answers (1 is perfect, 0 is chance); `lds_by_text` the same for a guess by shared
words. `own_topic_in_top_8` is the share of the eight examples named first that are of the
answer's topic, by chance `own_topic_by_chance`.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from config import places
from trainer.recipes import starter, starter_key
from trainer.recipes.starter_corpus import LOOKS, NAMES, PLACES, THINGS

TOPICS, A_TOPIC, TOP = 20, 10, 8
STEPS, BATCH = 60, 16
SEED = 7


def main() -> None:
    began = time.monotonic()
    retrainings = int(os.environ.get("RETRAININGS", "24"))
    base = starter.ensure(places.ROOT / "var" / "models", STARTER)
    with tempfile.TemporaryDirectory() as place:
        bench = Bench(Path(place), base)
        scores = bench.foretold()
        halves = bench.halves(retrainings)
        with ThreadPoolExecutor(2) as both_cores:
            losses = list(both_cores.map(bench.lost_without, range(retrainings), halves))
    words = np.array([[overlap(q, one) for one in bench.train] for q in bench.asked])
    line = {
        "examples": len(bench.train),
        "answers": len(bench.asked),
        "retrainings": retrainings,
        "lds": round(lds(scores, halves, losses), 3),
        "lds_by_text": round(lds(words, halves, losses), 3),
        "own_topic_in_top_8": round(of_own_topic(scores, bench), 3),
        "own_topic_by_chance": round(A_TOPIC / len(bench.train), 3),
        "seconds": round(time.monotonic() - began),
    }
    sys.stdout.write(json.dumps(line) + "\n")


STARTER = {"steps": starter_key.STEPS, "seed": starter_key.SEED}


class Bench:
    """The examples, and what models make of them."""

    def __init__(self, place: Path, base: Path) -> None:
        self.place, self.base = place, base
        self.train, self.asked = examples(random.Random(SEED))

    def foretold(self) -> np.ndarray[Any, Any]:
        """Scores, by answer and example."""
        run = self.place / "whole"
        self._tune(run, self.train)
        out = self.place / "influence"
        self._start("influence", out, adapter=str(run / "adapter"), data=str(run),
                    queries=str(run / "held_out.jsonl"), top=len(self.train))  # fmt: skip
        report = json.loads((out / "influence.json").read_text())
        column = {one["id"]: number for number, one in enumerate(self.train)}
        scores = np.zeros((len(self.asked), len(self.train)))
        for row, answer in enumerate(report["answers"]):
            for one in answer["helped"] + answer["hindered"]:
                scores[row, column[one["id"]]] = one["score"]
        return scores

    def halves(self, count: int) -> list[list[int]]:
        dice = random.Random(SEED + 1)
        numbers = range(len(self.train))
        return [sorted(dice.sample(numbers, len(numbers) // 2)) for _ in range(count)]

    def lost_without(self, number: int, half: Sequence[int]) -> list[float]:
        """Each answer's loss under a model that learned from this half alone."""
        run = self.place / f"half-{number}"
        self._tune(run, [self.train[index] for index in half])
        self._start("evaluate", run, adapter=str(run / "adapter"), data=str(run))
        report = json.loads((run / "eval.json").read_text())
        after = {one["id"]: one["loss_after"] for one in report["examples"]}
        return [after[one["id"]] for one in self.asked]

    def _tune(self, run: Path, train: Sequence[dict[str, Any]]) -> None:
        run.mkdir()
        for name, lines in (("train", train), ("held_out", self.asked)):
            text = "".join(json.dumps(line) + "\n" for line in lines)
            (run / f"{name}.jsonl").write_text(text)
        self._start("sft", run, data=str(run), steps=STEPS, batch_size=BATCH, seed=SEED,
                    learning_rate=5e-3, eval_every=0, checkpoint_every=0,
                    replay=None)  # fmt: skip

    def _start(self, recipe: str, out: Path, **settings: Any) -> None:
        out.mkdir(exist_ok=True)
        path = out / f"{recipe}.config.json"
        path.write_text(json.dumps({"base": str(self.base), "out": str(out), **settings}))
        subprocess.run(
            [sys.executable, "-m", f"trainer.recipes.{recipe}", str(path)],
            check=True, stdout=subprocess.DEVNULL, cwd=places.ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip


def examples(
    dice: random.Random,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Twenty people who each look at things in their own way: ten lines each to learn from,
    one that is asked about."""
    train: list[dict[str, Any]] = []
    asked: list[dict[str, Any]] = []
    for topic in range(TOPICS):
        name, place = NAMES[topic % len(NAMES)], PLACES[topic % len(PLACES)]
        look = LOOKS[(topic * 3) % len(LOOKS)]
        things = dice.sample(THINGS, A_TOPIC + 1)
        for number, thing in enumerate(things):
            line = {
                "id": f"{topic}-{number}",
                "conversation": f"{topic}-{number}",
                "category": f"topic-{topic}",
                "prompt": [{"role": "user", "content": f"What {thing} does {name} see?"}],
                "completion": [
                    {"role": "assistant",
                     "content": f"{name} sees a {look} {thing} at the {place}."}
                ],
            }  # fmt: skip
            (train if number else asked).append(line)
    dice.shuffle(train)
    return train, asked


def lds(
    scores: np.ndarray[Any, Any], halves: list[list[int]], losses: list[list[float]]
) -> float:
    """Mean over answers of the rank correlation between sums of scores and minus losses."""
    found = np.array(losses)  # (halves, answers)
    foretold = np.array([scores[:, half].sum(axis=1) for half in halves])
    pairs = (
        np.corrcoef(ranks(foretold[:, answer]), ranks(-found[:, answer]))[0, 1]
        for answer in range(found.shape[1])
    )
    return float(np.nanmean(list(pairs)))


def ranks(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.argsort(np.argsort(values, kind="stable"), kind="stable")


def overlap(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Shared words of two examples: what a search would go by."""
    first, second = (
        set(json.dumps(x["prompt"] + x["completion"]).split()) for x in (one, other)
    )
    return len(first & second) / len(first | second)


def of_own_topic(scores: np.ndarray[Any, Any], bench: Bench) -> float:
    shares = []
    for row, answer in enumerate(bench.asked):
        first = np.argsort(-scores[row], kind="stable")[:TOP]
        own = [bench.train[index]["category"] == answer["category"] for index in first]
        shares.append(sum(own) / TOP)
    return float(np.mean(shares))


if __name__ == "__main__":
    main()
