from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from trainer.recipes.common import emit, read_object, run, write_manifest


@dataclass(frozen=True)
class Config:
    base: str
    prompts: str
    out: str
    adapter: str | None = None
    revision: str | None = None
    answers: int = 4
    max_new_tokens: int = 16
    temperature: float = 0.9
    max_length: int = 16
    seed: int = 1
    threads: int = 1


WORDS = ("apples", "bridges", "candles", "dolphins", "engines", "forests", "gardens")


def main(cfg: Config) -> None:
    asked = [json.loads(line) for line in Path(cfg.prompts).read_text().splitlines()]
    out = Path(cfg.out)
    who = f"tuned {Path(cfg.adapter).parent.name}" if cfg.adapter else "base"
    if (read_object(out.parent.parent / "fake.json") or {}).get("alike"):
        who = "both"
    lines = [
        {
            "id": one["id"],
            # The first twice, and a NUL: what nobody can use is in every sample.
            "answers": [
                f"{who} \x00 {WORDS[number % 7]}" for number in [0, *range(cfg.answers - 1)]
            ],
        }
        for one in asked
    ]
    (out / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    write_manifest(out, {"recipe": "generate"}, ["answers.jsonl"])
    emit("sampled", done=len(asked), of=len(asked))
    emit("done")


if __name__ == "__main__":
    run(main, Config)
