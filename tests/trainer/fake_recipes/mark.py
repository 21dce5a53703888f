"""More words are better, then a longer last one; the empty have no mark."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from trainer.recipes.common import run, write_manifest


@dataclass(frozen=True)
class Config:
    base: str
    answers: str
    out: str
    adapter: str | None = None
    revision: str | None = None
    max_length: int = 16
    batch_tokens: int = 16


def main(cfg: Config) -> None:
    asked = [json.loads(line) for line in Path(cfg.answers).read_text().splitlines()]
    lines = [{"id": one["id"], "marks": [*map(mark, one["answers"])]} for one in asked]
    out = Path(cfg.out)
    (out / "marks.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    write_manifest(out, {"recipe": "mark"}, ["marks.jsonl"])


def mark(text: str) -> float | None:
    words = text.split()
    return len(words) + len(words[-1]) / 100 if words else None


if __name__ == "__main__":
    run(main, Config)
