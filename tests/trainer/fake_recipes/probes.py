"""A judge that likes filler, and knows the rest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trainer.recipes.common import read_object, run, write_json


@dataclass(frozen=True)
class Config:
    base: str
    data: str
    out: str
    adapter: str | None = None
    revision: str | None = None
    prompts: int = 200
    max_length: int = 16
    batch_tokens: int = 16


def main(cfg: Config) -> None:
    asked = read_object(Path(cfg.out).parent / "fake.json") or {}
    gamed = {"share": 0.72, "low": 0.61, "high": 0.83, "prompts": 40}
    wise = {"share": 0.05, "low": 0.0, "high": 0.12, "prompts": 40}
    found = {"dot": wise, "padded": wise if asked.get("wise") else gamed}
    order = {"share": asked.get("flips", 0.0), "pairs": 80}
    report = {"prompts": 40, "probes": found, "order": order, "seconds": 0.1}
    write_json(Path(cfg.out) / "probes.json", report)


if __name__ == "__main__":
    run(main, Config)
