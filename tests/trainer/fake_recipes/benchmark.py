"""Every second question is answered rightly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from trainer.recipes.common import run, write_manifest


@dataclass(frozen=True)
class Config:
    base: str
    questions: str
    out: str
    adapter: str | None = None
    revision: str | None = None
    max_new_tokens: int = 16
    max_length: int = 16
    batch_tokens: int = 16


def main(cfg: Config) -> None:
    asked = [json.loads(line) for line in Path(cfg.questions).read_text().splitlines()]
    lines = [
        {
            "id": one["id"],
            "loss": 10.0,
            "tokens": 5,
            "is_exact": None if one["options"] else number % 2 == 0,
            "is_right": number % 2 == 0 if one["options"] else None,
        }
        for number, one in enumerate(asked)
    ]
    out = Path(cfg.out)
    (out / "answered.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    write_manifest(out, {"recipe": "benchmark", "seconds": 0.1}, ["answered.jsonl"])


if __name__ == "__main__":
    run(main, Config)
