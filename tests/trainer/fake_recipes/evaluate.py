from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.recipes.common import emit, run, write_json


@dataclass(frozen=True)
class Config:
    base: str
    data: str
    out: str
    adapter: str | None = None
    model: str | None = None
    replay: str | None = None
    revision: str | None = None
    max_length: int = 16
    batch_tokens: int = 16
    threads: int = 1


def main(cfg: Config) -> None:
    text = (Path(cfg.data) / "held_out.jsonl").read_text()
    examples = [json.loads(line) for line in text.splitlines()]
    emit("started", examples=len(examples))
    assert cfg.adapter or cfg.model
    scored = [
        {"id": one["id"], "category": one["category"], "tokens": 10, "loss_before": 2.0,
         "loss_after": 1.0}
        for one in examples
    ]  # fmt: skip
    known = {"loss": 0.5, "tokens": 9, "examples": 3}
    report = {
        "before": total(examples, 2.0),
        "after": total(examples, 1.0),
        "examples": scored,
        "retention": {"before": known, "after": known | {"loss": 0.75}, "examples": []},
    }
    write_json(Path(cfg.out) / "eval.json", report)
    emit("done")


def total(examples: list[dict[str, Any]], loss: float) -> dict[str, Any]:
    whole = {"loss": loss, "tokens": 10 * len(examples), "examples": len(examples)}
    return {**whole, "by_category": {one["category"]: whole for one in examples}}


if __name__ == "__main__":
    run(main, Config)
