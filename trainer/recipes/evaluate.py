"""Held-out loss before and after: the base and the tuned model on the same replies.

Beside the gain on what was taught stands the retention: the loss on those of the base's own
records that no run replays.

python -m trainer.recipes.evaluate runs/7/evaluate.json
"""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trainer.recipes.chat import Row, Rows, render_all
from trainer.recipes.common import Trouble, demand, emit, run, versions, write_json
from trainer.recipes.data import HELD_OUT, parted, read_examples, sample
from trainer.recipes.device import set_up
from trainer.recipes.fused import fuse
from trainer.recipes.models import check_length, load_base, load_with_adapter
from trainer.recipes.scoring import reply_losses


@dataclass(frozen=True)
class Config:
    base: str
    data: str  # a frozen version's folder
    out: str  # eval.json goes here
    adapter: str | None = None  # an adapter folder
    model: str | None = None  # or the folder of a whole tuned model; with neither the base
    revision: str | None = None
    replay: str | None = None  # the base's replay.jsonl: is that still known?
    retention_limit: int = 200  # records of it
    max_length: int = 512
    batch_tokens: int = 4096  # padding included
    threads: int = 1
    allow_download: bool = False

    def __post_init__(self) -> None:
        demand(self.max_length >= 16, "Give 'max_length' room for 16 tokens at least.")
        demand(self.threads > 0, "The setting 'threads' must be at least 1.")
        demand(self.retention_limit >= 0, "'retention_limit' must not be negative.")
        demand(not (self.adapter and self.model), "Give an adapter or a model, not both.")
        demand(
            self.batch_tokens >= self.max_length, "'batch_tokens' must hold 'max_length'."
        )


def main(cfg: Config) -> dict[str, Any]:
    # ---- set up ----------------------------------------------------------------------
    started = time.monotonic()
    device = set_up(seed=0, threads=cfg.threads)
    tokenizer, model = load_base(
        cfg.base, cfg.revision, device=device, allow_download=cfg.allow_download
    )
    check_length(model, cfg.max_length)
    rows = render_all(tokenizer, read_examples(Path(cfg.data) / HELD_OUT), cfg.max_length)
    if not rows.kept:
        raise Trouble("There is no held-out example; freeze a version that keeps some.")
    known = own_records(cfg, tokenizer)
    if cfg.adapter:
        model = load_with_adapter(model, cfg.adapter)
        fuse(model)
    pad = int(tokenizer.pad_token_id)
    emit("started", examples=len(rows.kept), dropped=len(rows.dropped), device=str(device))

    # ---- score -----------------------------------------------------------------------
    def scored(phase: str, asked: Rows) -> list[float]:
        def tell(done: int) -> None:
            emit("scored", phase=phase, done=done, of=len(asked.kept))

        return reply_losses(model, asked.kept, pad=pad, budget=cfg.batch_tokens, tell=tell)

    with model.disable_adapter() if cfg.adapter else contextlib.nullcontext():
        before = scored("before", rows)
        known_before = scored("known before", known)
    if cfg.model:
        _, model = load_base(cfg.model, device=device)
    is_tuned = bool(cfg.adapter or cfg.model)
    after = scored("after", rows) if is_tuned else None
    known_after = scored("known after", known) if is_tuned else None

    # ---- save ------------------------------------------------------------------------
    retention = compared(known.kept, known_before, known_after) if known.kept else None
    report: dict[str, Any] = {
        "recipe": "evaluate",
        **compared(rows.kept, before, after),
        "retention": retention,
        "dropped": rows.dropped,
        "cut": rows.cut,
        "config": asdict(cfg),
        "versions": versions(),
        "seconds": round(time.monotonic() - started, 1),
    }
    write_json(Path(cfg.out) / "eval.json", report)
    emit("done", examples=len(rows.kept), before=report["before"]["loss"],
         after=report["after"]["loss"] if after else None,
         **retained(retention),
         seconds=report["seconds"])  # fmt: skip
    return report


def own_records(cfg: Config, tokenizer: Any) -> Rows:
    """The same ones for every run on this base."""
    if not cfg.replay:
        return Rows()
    _, shown = parted(read_examples(Path(cfg.replay)))
    return render_all(tokenizer, sample(shown, cfg.retention_limit, 0), cfg.max_length)


def retained(retention: dict[str, Any] | None) -> dict[str, Any]:
    if retention is None:
        return {}
    after = retention["after"]
    return {
        "known_before": retention["before"]["loss"],
        "known_after": after["loss"] if after else None,
    }


def compared(
    rows: Sequence[Row], before: Sequence[float], after: Sequence[float] | None
) -> dict[str, Any]:
    return {
        "before": totals(rows, before),
        "after": totals(rows, after) if after else None,
        "examples": per_example(rows, before, after),
    }


def totals(rows: Sequence[Row], losses: Sequence[float]) -> dict[str, Any]:
    """Means over tokens, so that a long reply weighs as much as it says."""
    groups: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        groups[row.category].append(index)
    return {
        **mean(rows, losses, range(len(rows))),
        "by_category": {name: mean(rows, losses, groups[name]) for name in sorted(groups)},
    }


def mean(
    rows: Sequence[Row], losses: Sequence[float], chosen: Sequence[int]
) -> dict[str, Any]:
    tokens = sum(rows[index].learned for index in chosen)
    loss = sum(losses[index] for index in chosen) / tokens
    return {"loss": round(loss, 6), "tokens": tokens, "examples": len(chosen)}


def per_example(
    rows: Sequence[Row], before: Sequence[float], after: Sequence[float] | None
) -> list[dict[str, Any]]:
    return [
        {
            "id": row.id,
            "category": row.category,
            "tokens": row.learned,
            "loss_before": round(before[index] / row.learned, 6),
            "loss_after": round(after[index] / row.learned, 6) if after else None,
        }
        for index, row in enumerate(rows)
    ]


if __name__ == "__main__":
    run(main, Config)
