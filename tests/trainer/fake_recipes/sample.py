from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from trainer.recipes.common import emit, run, write_manifest


@dataclass(frozen=True)
class Config:
    base: str
    prompts: str
    out: str
    adapter: str | None = None
    model: str | None = None
    revision: str | None = None
    max_new_tokens: int = 16
    temperature: float = 0.0
    max_length: int = 16
    seed: int = 1
    threads: int = 1


def main(cfg: Config) -> None:
    asked = [json.loads(line) for line in Path(cfg.prompts).read_text().splitlines()]
    emit("started", prompts=len(asked))
    # A NUL and half a character, as a young model will say them.
    lines = [
        {"id": one["id"], "base": "blah \x00 \ud800", "tuned": f"Tuned answer {number}."}
        for number, one in enumerate(asked)
    ]
    out = Path(cfg.out)
    (out / "samples.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    write_manifest(out, {"recipe": "sample"}, ["samples.jsonl"])
    emit("done")


if __name__ == "__main__":
    run(main, Config)
