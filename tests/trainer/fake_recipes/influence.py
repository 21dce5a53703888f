from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from trainer.recipes.common import emit, run, write_json


@dataclass(frozen=True)
class Config:
    base: str
    adapter: str
    data: str
    queries: str
    out: str
    revision: str | None = None
    max_length: int = 16
    threads: int = 1


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def main(cfg: Config) -> None:
    learned, asked = lines(Path(cfg.data) / "train.jsonl"), lines(Path(cfg.queries))
    emit("started", examples=len(learned))
    best, worst = learned[0]["id"], learned[-1]["id"]
    answers = [
        {"id": one["id"], "helped": [{"id": best, "score": 2.0, "share": 0.25}],
         "hindered": [{"id": worst, "score": -1.0, "share": 0.125}]}
        for one in asked
    ]  # fmt: skip
    report = {"answers": answers, "examples": len(learned), "parameters": 9, "seconds": 0.1}
    write_json(Path(cfg.out) / "influence.json", report)
    emit("step", step=len(learned), of=len(learned))
    emit("done")


if __name__ == "__main__":
    run(main, Config)
