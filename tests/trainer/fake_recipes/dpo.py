"""Compares pairs that it never reads, after looking whether they are there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.trainer.fake_recipes import sft
from trainer.recipes.common import Trouble, run


@dataclass(frozen=True)
class Config(sft.Config):
    beta: float = 0.1
    soft_labels: bool = True
    chosen_weight: float = 0.0


def main(cfg: Config) -> None:
    sft.main(cfg, "dpo", compared(cfg, "pairs"))


def compared(cfg: sft.Config, table: str) -> dict[str, Any]:
    """As the true recipes say it."""
    for split in ("train", "held_out"):
        lines = (Path(cfg.data) / f"{table}_{split}.jsonl").read_text().splitlines()
        if not lines:
            raise Trouble(f"There is no row in the {table} of {split}.")
    return {
        "accuracy": 0.75,
        "accuracy_low": 0.55,
        "accuracy_high": 0.9,
        "margin": 0.25,
        "pairs": len([json.loads(line) for line in lines]),
        "groups": 2,
    }


if __name__ == "__main__":
    run(main, Config)
