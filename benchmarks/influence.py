"""Influence held against retraining: `make bench NAME=influence RETRAININGS=24`.

Trains the starter on 200 examples of 20 topics, asks which examples shaped 30 answers, and
then trains it anew on random halves. Planted among them are 20 that say their words in
reverse, and ten such answers are asked about. A JSON line: `lds` is the rank correlation,
over those halves, of what influence foretells for an answer's loss and what the loss came
to, averaged over the answers (1 is perfect, 0 is chance). `planted_in_top_10` is the share
of planted examples among the ten named first for a planted answer (chance: .1),
`own_topic_in_top_8` that of the answer's topic for the others (chance: .05). `by_text` is
the same for a guess by shared words.
"""

from __future__ import annotations

import io
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.starters import starter
from trainer.recipes import evaluate, influence, sft
from trainer.recipes.starter_corpus import LOOKS, NAMES, PLACES, THINGS

TOPICS, A_TOPIC = 20, 10
TURNED = "turned"
TOP = {False: 8, True: 10}  # by whether it is a turned answer that is asked about
STEPS, BATCH = 60, 16
SEED = 7


def main() -> None:
    began = time.monotonic()
    retrainings = int(os.environ.get("RETRAININGS", "24"))
    with tempfile.TemporaryDirectory() as place:
        bench = Bench(Path(place), starter())
        scores = bench.foretold()
        halves = bench.halves(retrainings)
        losses = [bench.lost_without(number, half) for number, half in enumerate(halves)]
    words = np.array([[overlap(q, one) for one in bench.train] for q in bench.asked])
    line = {
        "examples": len(bench.train),
        "answers": len(bench.asked),
        "retrainings": retrainings,
        "lds": round(lds(scores, halves, losses), 3),
        "lds_by_text": round(lds(words, halves, losses), 3),
        "own_topic_in_top_8": alike(scores, bench, turned=False),
        "own_topic_in_top_8_by_text": alike(words, bench, turned=False),
        "planted_in_top_10": alike(scores, bench, turned=True),
        "planted_in_top_10_by_text": alike(words, bench, turned=True),
        "load": round(os.getloadavg()[0], 1),
        "seconds": round(time.monotonic() - began),
    }
    sys.stdout.write(json.dumps(line) + "\n")


class Bench:
    """The examples, and what models make of them."""

    def __init__(self, place: Path, base: str) -> None:
        self.place, self.base = place, base
        self.train, self.asked = examples(random.Random(SEED))

    def foretold(self) -> np.ndarray[Any, Any]:
        """Scores, by answer and example."""
        run = self.place / "whole"
        self._tune(run, self.train)
        out = self.place / "influence"
        asked = {"queries": str(run / "held_out.jsonl"), "top": len(self.train)}
        report = self._made(
            influence, out, adapter=str(run / "adapter"), data=str(run), **asked
        )
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
        report = self._made(evaluate, run, adapter=str(run / "adapter"), data=str(run))
        after = {one["id"]: one["loss_after"] for one in report["examples"]}
        return [after[one["id"]] for one in self.asked]

    def _tune(self, run: Path, train: Sequence[dict[str, Any]]) -> None:
        run.mkdir()
        for name, lines in (("train", train), ("held_out", self.asked)):
            text = "".join(json.dumps(line) + "\n" for line in lines)
            (run / f"{name}.jsonl").write_text(text)
        self._made(sft, run, data=str(run), steps=STEPS, batch_size=BATCH, seed=SEED,
                   learning_rate=5e-3, eval_every=0, checkpoint_every=0,
                   held_out_limit=0)  # fmt: skip

    def _made(self, recipe: Any, out: Path, **settings: Any) -> dict[str, Any]:
        """What a recipe leaves, run in this process: what it prints is of no use here."""
        out.mkdir(exist_ok=True)
        config = recipe.Config(base=self.base, out=str(out), **settings)
        with redirect_stdout(io.StringIO()):
            report: dict[str, Any] = recipe.main(config)
        return report


def examples(
    dice: random.Random,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Twenty people who each look at things in their own way: ten lines each to learn from,
    one of them turned, and one or two that are asked about."""
    train: list[dict[str, Any]] = []
    asked: list[dict[str, Any]] = []
    for topic in range(TOPICS):
        things = dice.sample(THINGS, A_TOPIC + 2)
        told = [one_of(topic, number, thing) for number, thing in enumerate(things[:-1])]
        asked.append(told[0])
        train += [turned(told[1]), *told[2:]]
        if topic % 2:
            asked.append(turned(one_of(topic, A_TOPIC + 1, things[-1])))
    dice.shuffle(train)
    return train, asked


def one_of(topic: int, number: int, thing: str) -> dict[str, Any]:
    name, place = NAMES[topic % len(NAMES)], PLACES[topic % len(PLACES)]
    look = LOOKS[(topic * 3) % len(LOOKS)]
    said = f"{name} sees a {look} {thing} at the {place}."
    return {
        "id": f"{topic}-{number}",
        "conversation": f"{topic}-{number}",
        "category": f"topic-{topic}",
        "prompt": [{"role": "user", "content": f"What {thing} does {name} see?"}],
        "completion": [{"role": "assistant", "content": said}],
    }


def turned(line: dict[str, Any]) -> dict[str, Any]:
    """The same words, the last first: a search for words does not find these together."""
    words = line["completion"][0]["content"].split()
    said = [{"role": "assistant", "content": " ".join(reversed(words))}]
    return {**line, "category": TURNED, "completion": said}


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


def alike(scores: np.ndarray[Any, Any], bench: Bench, *, turned: bool) -> float:
    """Of the examples named first, the share that is of the answer's kind."""
    shares = []
    for row, answer in enumerate(bench.asked):
        if (answer["category"] == TURNED) is turned:
            first = np.argsort(-scores[row], kind="stable")[: TOP[turned]]
            own = [bench.train[at]["category"] == answer["category"] for at in first]
            shares.append(sum(own) / len(own))
    return round(float(np.mean(shares)), 3)


if __name__ == "__main__":
    main()
