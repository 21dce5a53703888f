"""Scores of examples: how fast, beside scoring them as they come. `make bench NAME=score`

Losses by base and tuned model, losses without the prompt, and marks of a reward model, of
TEXTS= examples on one thread: one by one, in batches of sixteen as they arrive, and as
`trainer/recipes/score.py` does it. A JSON line for each; `tokens_per_cpu_s` counts the
tokens of the texts, not of the padding. The numbers must be the same.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch

from benchmarks.starters import starter
from trainer.recipes import score, starter_corpus
from trainer.recipes.chat import Row, alone, render_all
from trainer.recipes.data import Example
from trainer.recipes.device import set_up
from trainer.recipes.ledger import Ledger
from trainer.recipes.marks import load_reward_model, marks
from trainer.recipes.models import load_base
from trainer.recipes.scoring import padded

TEXTS = int(os.environ.get("TEXTS", "600"))
MAX_LENGTH = 256
NAIVE = 16  # rows of a batch, in the order of arrival
Losses = list[float]


def main() -> None:
    torch.set_grad_enabled(False)
    device = set_up(seed=1, threads=1)
    base = starter()
    tokenizer, plain = load_base(base, device=device)
    model = tuned(plain)
    _, judge = load_reward_model(base, device=device)
    judge.eval()
    examples = list(made(TEXTS, random.Random(7)))
    rows = render_all(tokenizer, examples, MAX_LENGTH).kept
    asked = {example.id: example for example in examples}
    bare = [alone(tokenizer, row, asked[row.id].prompt) for row in rows]
    pad = int(tokenizer.pad_token_id)
    tokens = sum(len(row.ids) for row in rows)
    say(f"{len(rows)} texts, {tokens} tokens, {tokens / len(rows):.0f} each")

    losses = {
        "one_by_one": lambda: naive_losses(model, rows, bare, pad, 1),
        "as_they_come": lambda: naive_losses(model, rows, bare, pad, NAIVE),
        "ours": lambda: our_losses(model, rows, bare, pad),
    }
    read = 2 * tokens + sum(len(row.ids) for row in bare)  # base and tuned, and unasked
    compare("losses", losses, read, len(rows))
    rewards = {
        "one_by_one": lambda: naive_marks(judge, rows, pad, 1),
        "as_they_come": lambda: naive_marks(judge, rows, pad, NAIVE),
        "ours": lambda: marks(judge, rows, pad=pad),
    }
    compare("rewards", rewards, tokens, len(rows))


# ---- what is compared ------------------------------------------------------------------


def our_losses(model: Any, rows: list[Row], bare: list[Row], pad: int) -> Losses:
    """As the recipe does it, its file and its parts included."""
    unasked = {row.id: row for row in bare}
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "losses.jsonl", "us")
        found: dict[str, Losses] = {}
        for part in score.parts(rows, 512, ledger, "losses"):
            told = score.both_losses(model, part, pad, 4096, model.disable_adapter)
            without = score.tuned_losses(
                model, [unasked[row.id] for row in part], pad, 4096
            )
            lines = {
                row.id: [*both, other]
                for row, both, other in zip(part, told, without, strict=True)
            }
            ledger.add({"id": name, "losses": three} for name, three in lines.items())
            found |= lines
    return [loss for row in rows for loss in found[row.id]]


def naive_losses(
    model: Any, rows: list[Row], bare: list[Row], pad: int, size: int
) -> Losses:
    """One pass after the other, all logits, in the order of arrival."""
    passes = [
        (rows, model.disable_adapter()),
        (rows, nullcontext()),
        (bare, nullcontext()),
    ]
    found = []
    for texts, which in passes:
        with which:
            found.append([loss for batch in batches(texts, size)
                          for loss in whole_losses(model, batch, pad)])  # fmt: skip
    return [loss for three in zip(*found, strict=True) for loss in three]


def whole_losses(model: Any, batch: list[Row], pad: int) -> Losses:
    ids, mask, labels = padded(batch, pad, model.device)
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
    nll = torch.nn.functional.cross_entropy(
        logits[:, :-1].float().transpose(1, 2), labels[:, 1:], reduction="none"
    )
    return [float(total) for total in nll.sum(dim=1)]


def naive_marks(model: Any, rows: list[Row], pad: int, size: int) -> Losses:
    found: Losses = []
    for batch in batches(rows, size):
        ids, mask, _ = padded(batch, pad, model.device)
        given = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, 0]
        found += given.tolist()
    return found


def batches(rows: list[Row], size: int) -> list[list[Row]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def compare(
    what: str, ways: dict[str, Callable[[], Losses]], tokens: int, texts: int
) -> None:
    """Each twice, in turns, so that the machine is as busy for one as for the others."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    values: dict[str, Losses] = {}
    for _ in range(2):
        for name, way in ways.items():
            started = time.process_time()
            values[name] = way()
            seconds[name].append(time.process_time() - started)
    best = {name: min(taken) for name, taken in seconds.items()}
    for name in ways:
        apart = [
            abs(a - b) for a, b in zip(values[name], values["one_by_one"], strict=True)
        ]
        line = {
            "what": what,
            "way": name,
            "texts": texts,
            "tokens_per_cpu_s": round(tokens / best[name]),
            "ratio_to_one_by_one": round(best["one_by_one"] / best[name], 2),
            "ratio_to_as_they_come": round(best["as_they_come"] / best[name], 2),
            "max_difference": float(f"{max(apart):.1e}"),
            "load": round(os.getloadavg()[0], 1),
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


# ---- what they read --------------------------------------------------------------------


def tuned(model: Any) -> Any:
    """An adapter as after a training: none of its weights is zero."""
    from peft import LoraConfig, get_peft_model

    made = get_peft_model(model, LoraConfig(r=8, target_modules="all-linear"))
    for name, weights in made.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights, std=0.02)
    made.eval()
    return made


def made(count: int, dice: random.Random) -> Any:
    """Texts of very different lengths, as people's are: most short, some very long."""
    records = starter_corpus.records(seed=11)
    words = [next(records) for _ in range(2000)]
    for number in range(count):
        prompt = text(words, dice, least=8, usual=25)
        reply = text(words, dice, least=3, usual=35)
        turns = [{"role": "user", "content": prompt}]
        answer = {"role": "assistant", "content": reply}
        yield Example(str(number), str(number), "any", turns, answer)  # type: ignore[arg-type]


def text(words: list[Any], dice: random.Random, *, least: int, usual: int) -> str:
    wanted = least + int(dice.lognormvariate(0, 0.8) * usual)
    said: list[str] = []
    while len(said) < wanted:
        said += dice.choice(words)["completion"][0]["content"].split()
    return " ".join(said[:wanted])


def say(words: str) -> None:
    sys.stderr.write(words + "\n")


if __name__ == "__main__":
    main()
