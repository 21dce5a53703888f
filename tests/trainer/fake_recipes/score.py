"""Scores without a model: the longer a reply, the more it surprises."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from trainer.recipes.common import emit, run, write_manifest
from trainer.recipes.ledger import Ledger


@dataclass(frozen=True)
class Config:
    base: str
    data: str
    out: str
    known: str
    adapter: str | None = None
    model: str | None = None
    revision: str | None = None
    reward_base: str | None = None
    reward_revision: str | None = None
    reward_adapter: str | None = None
    max_length: int = 16
    batch_tokens: int = 16
    threads: int = 1


def main(cfg: Config) -> None:
    out, known = Path(cfg.out), set(Path(cfg.known).read_text().split())
    text = "".join(
        (Path(cfg.data) / f"{name}.jsonl").read_text() for name in ("train", "held_out")
    )
    examples = [json.loads(line) for line in text.splitlines()]
    new = [one for one in examples if one["id"] not in known]
    losses = Ledger(out / "losses.jsonl", "us")
    losses.add(
        {"id": one["id"], "prompt_id": one["prompt_id"], "category": one["category"],
         "tokens": 10, "base": 2.0, "alone": 2.0,
         "tuned": loss_of(one) if cfg.adapter or cfg.model else None}
        for one in new
    )  # fmt: skip
    if cfg.reward_base:
        Ledger(out / "rewards.jsonl", "us").add(
            {"id": one["id"], "reward": -loss_of(one)} for one in new
        )
    emit("scored", phase="losses", done=len(new), of=len(new))
    facts = {"examples": len(new), "tokens": 10 * len(new), "dropped": [], "seconds": 0.1,
             "has_rewards": bool(cfg.reward_base)}  # fmt: skip
    files = ["losses.jsonl", "rewards.jsonl"] if cfg.reward_base else ["losses.jsonl"]
    write_manifest(out, facts, files)
    emit("done")


def loss_of(example: dict) -> float:
    return 9.0 if "nonsense" in example["completion"][0]["content"] else 1.0


if __name__ == "__main__":
    run(main, Config)
