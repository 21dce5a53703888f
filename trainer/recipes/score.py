"""What a model makes of every example: how much each surprises it, and what a judge says.

python -m trainer.recipes.score jobs/7/score.json

Three losses of each reply: by the base, by the tuned model, and by the tuned model when it
is not told the prompt; and the mark of a reward model where one is given. Examples are
taken in parts of like length; a part that is in the file is not done again, and as parts
depend on nothing but the examples, the numbers are the same whether it was stopped or not.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from trainer.recipes.chat import Row, alone, render_all
from trainer.recipes.common import (
    Trouble,
    demand,
    emit,
    run,
    sha256,
    versions,
    write_manifest,
)
from trainer.recipes.data import HELD_OUT, TRAIN, Example, read_examples
from trainer.recipes.device import set_up
from trainer.recipes.ledger import Ledger, Line
from trainer.recipes.marks import load_reward_model, marks
from trainer.recipes.models import check_length, load_base, load_with_adapter
from trainer.recipes.order import length_batches
from trainer.recipes.scoring import batch_losses, padded

LOSSES, REWARDS = "losses.jsonl", "rewards.jsonl"
WEIGHTS = "adapter_model.safetensors"
DIGITS = 6
Asked = Callable[[], contextlib.AbstractContextManager[Any]]  # gives the base alone


@dataclass(frozen=True)
class Config:
    base: str
    data: str  # a frozen version's folder: train.jsonl, held_out.jsonl
    out: str  # losses.jsonl, rewards.jsonl and a manifest go here
    adapter: str | None = None  # an adapter folder
    model: str | None = None  # or the folder of a whole tuned model; with neither the base
    revision: str | None = None
    reward_base: str | None = None  # of the reward model; without one there are no marks
    reward_revision: str | None = None
    reward_adapter: str | None = None
    known: str | None = None  # a file of ids, one a line, that need no score any more
    max_length: int = 512
    batch_tokens: int = 4096  # padding included
    part: int = 512  # examples that are kept together
    threads: int = 1
    allow_download: bool = False

    def __post_init__(self) -> None:
        demand(self.max_length >= 16, "Give 'max_length' room for 16 tokens at least.")
        demand(self.threads > 0, "The setting 'threads' must be at least 1.")
        demand(not (self.adapter and self.model), "Give an adapter or a model, not both.")
        demand(self.part > 0, "The setting 'part' must be at least 1.")
        demand(
            self.batch_tokens >= self.max_length, "'batch_tokens' must hold 'max_length'."
        )


def main(cfg: Config) -> dict[str, Any]:
    # ---- set up ----------------------------------------------------------------------
    started, out = time.monotonic(), Path(cfg.out)
    out.mkdir(parents=True, exist_ok=True)
    device = set_up(seed=0, threads=cfg.threads)
    examples = wanted(cfg)
    belongs_to = identity(cfg)
    emit("started", examples=len(examples), device=str(device))

    # ---- losses, then marks: one model at a time in memory -----------------------------
    losses = Ledger(out / LOSSES, belongs_to)
    dropped, tokens = score_losses(cfg, examples, losses, device)
    if cfg.reward_base:
        rewards = Ledger(out / REWARDS, belongs_to)
        score_rewards(cfg, examples, rewards, device)

    # ---- save ------------------------------------------------------------------------
    facts = {
        "recipe": "score",
        "belongs_to": belongs_to,
        "examples": len(losses.done),
        "tokens": tokens,
        "dropped": dropped,
        "has_rewards": bool(cfg.reward_base),
        "config": asdict(cfg),
        "versions": versions(),
        "seconds": round(time.monotonic() - started, 1),
    }
    kept = [LOSSES, REWARDS] if cfg.reward_base else [LOSSES]
    write_manifest(out, facts, kept)
    emit("done", examples=len(losses.done), dropped=len(dropped), seconds=facts["seconds"])
    return facts


def wanted(cfg: Config) -> list[Example]:
    """Those to learn from and those held out, less what is known."""
    known = set(Path(cfg.known).read_text().split()) if cfg.known else set()
    every = [
        example
        for name in (TRAIN, HELD_OUT)
        for example in read_examples(Path(cfg.data) / name)
    ]
    if not every:
        raise Trouble("There is no example to score; freeze a version that has some.")
    return [example for example in every if example.id not in known]


def identity(cfg: Config) -> str:
    """Of all that decides the numbers."""
    read = [Path(cfg.data) / TRAIN, Path(cfg.data) / HELD_OUT]
    read += [Path(a) / WEIGHTS for a in (cfg.adapter, cfg.reward_adapter) if a]
    read += sorted(Path(cfg.model).glob("*.safetensors")) if cfg.model else []
    read += [Path(cfg.known)] if cfg.known else []
    named = {
        name: value
        for name, value in asdict(cfg).items()
        if name not in ("out", "data", "adapter", "model", "reward_adapter", "known",
                        "threads", "allow_download")
    }  # fmt: skip
    facts = [named, [sha256(path) if path.exists() else "" for path in read]]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


# ---- losses --------------------------------------------------------------------------


@torch.no_grad()
def score_losses(
    cfg: Config, examples: Sequence[Example], ledger: Ledger, device: torch.device
) -> tuple[list[dict[str, str]], int]:
    """Returns what was left out, and how many tokens of replies there are."""
    tokenizer, base = load_base(
        cfg.base, cfg.revision, device=device, allow_download=cfg.allow_download
    )
    check_length(base, cfg.max_length)
    rows = render_all(tokenizer, examples, cfg.max_length)
    model = base
    asked_base: Asked | None = None
    if cfg.adapter:
        model = load_with_adapter(base, cfg.adapter)
        asked_base = partial(without_adapter, model)
    elif cfg.model:
        _, model = load_base(cfg.model, device=device)
        asked_base = partial(contextlib.nullcontext, base.eval())
    model.eval()
    asked = {example.id: example for example in examples}
    pad = int(tokenizer.pad_token_id)
    for part in parts(rows.kept, cfg.part, ledger, "losses"):
        told = both_losses(model, part, pad, cfg.batch_tokens, asked_base)
        bare = [alone(tokenizer, row, asked[row.id].prompt) for row in part]
        unasked = tuned_losses(model, bare, pad, cfg.batch_tokens)
        ledger.add(
            loss_line(row, asked[row.id], base, tuned if asked_base else None, without)
            for row, (base, tuned), without in zip(part, told, unasked, strict=True)
        )
    return rows.dropped, sum(row.learned for row in rows.kept)


@contextlib.contextmanager
def without_adapter(model: Any) -> Iterator[Any]:
    with model.disable_adapter():
        yield model


def both_losses(
    model: Any,
    rows: Sequence[Row],
    pad: int,
    budget: int,
    asked_base: Asked | None,
) -> list[tuple[float, float]]:
    """Summed loss a row by the base and by the tuned model, batch by batch."""
    found = [(math.nan, math.nan)] * len(rows)
    for batch in length_batches([len(row.ids) for row in rows], budget):
        tensors = padded([rows[index] for index in batch], pad, model.device)
        tuned = batch_losses(model, *tensors)
        base = tuned
        if asked_base:
            with asked_base() as plain:
                base = batch_losses(plain, *tensors)
        for index, one, other in zip(batch, base, tuned, strict=True):
            found[index] = (one, other)
    return found


def tuned_losses(model: Any, rows: Sequence[Row], pad: int, budget: int) -> list[float]:
    return [tuned for _, tuned in both_losses(model, rows, pad, budget, None)]


def loss_line(
    row: Row, example: Example, base: float, tuned: float | None, unasked: float
) -> Line:
    return {
        "id": row.id,
        "prompt_id": example.prompt_id,
        "category": row.category,
        "tokens": row.learned,
        "base": mean(base, row),
        "base_sum": round(base, DIGITS),
        "tuned": None if tuned is None else mean(tuned, row),
        "tuned_sum": None if tuned is None else round(tuned, DIGITS),
        "alone": mean(unasked, row),
    }


def mean(total: float, row: Row) -> float:
    return round(total / row.learned, DIGITS)


# ---- marks ---------------------------------------------------------------------------


@torch.no_grad()
def score_rewards(
    cfg: Config, examples: Sequence[Example], ledger: Ledger, device: torch.device
) -> None:
    assert cfg.reward_base is not None, "asked for with a reward model only"
    tokenizer, model = load_reward_model(
        cfg.reward_base,
        cfg.reward_adapter,
        cfg.reward_revision,
        device=device,
        allow_download=cfg.allow_download,
    )
    rows = render_all(tokenizer, examples, cfg.max_length)
    pad = int(model.config.pad_token_id)
    for part in parts(rows.kept, cfg.part, ledger, "rewards"):
        given = marks(model, part, pad=pad, budget=cfg.batch_tokens)
        ledger.add(
            {"id": row.id, "reward": round(mark, DIGITS)}
            for row, mark in zip(part, given, strict=True)
        )


# ---- parts ---------------------------------------------------------------------------


def parts(
    rows: Sequence[Row], size: int, ledger: Ledger, phase: str
) -> Iterator[list[Row]]:
    """Rows of like length together, without the parts that are done."""
    ordered = sorted(rows, key=lambda row: (len(row.ids), row.id))
    for start in range(0, len(ordered), size):
        part = ordered[start : start + size]
        if any(row.id not in ledger.done for row in part):
            yield part
        emit("scored", phase=phase, done=start + len(part), of=len(ordered))


if __name__ == "__main__":
    run(main, Config)
