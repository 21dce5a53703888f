"""A reward model marks several answers to each of many prompts.

python -m trainer.recipes.mark runs/job-7/mark.json
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trainer.recipes.chat import Row
from trainer.recipes.common import (
    Trouble,
    demand,
    emit,
    run,
    sha256,
    versions,
    write_manifest,
)
from trainer.recipes.data import read_lines, read_turns
from trainer.recipes.device import set_up
from trainer.recipes.items import rows_by_place
from trainer.recipes.marks import load_reward_model, marks
from trainer.recipes.outputs import refuse_foreign_manifest, write_lines
from trainer.recipes.preferences import Ranked, Reply

MARKS = "marks.jsonl"
DIGITS = 6


@dataclass(frozen=True)
class Config:
    base: str
    answers: str  # JSONL: {"id": …, "messages": [{"role", "content"}, …], "answers": […]}
    out: str  # marks.jsonl goes here; a folder of its own
    adapter: str | None = None  # of a reward model; without one the base must be one
    revision: str | None = None
    max_length: int = 512
    batch_tokens: int = 4096  # padding included
    threads: int = 1
    allow_download: bool = False

    def __post_init__(self) -> None:
        demand(self.max_length >= 32, "Give 'max_length' room for 32 tokens at least.")
        demand(self.threads > 0, "The setting 'threads' must be at least 1.")
        demand(
            self.batch_tokens >= self.max_length, "'batch_tokens' must hold 'max_length'."
        )


def main(cfg: Config) -> list[dict[str, Any]]:
    # ---- set up ----------------------------------------------------------------------
    started, out = time.monotonic(), Path(cfg.out)
    refuse_foreign_manifest(out, "mark")
    device = set_up(seed=0, threads=cfg.threads)
    asked = read_asked(Path(cfg.answers))
    tokenizer, model = load_reward_model(
        cfg.base, cfg.adapter, cfg.revision, device=device,
        allow_download=cfg.allow_download,
    )  # fmt: skip
    emit("started", prompts=len(asked), device=str(device))

    # ---- mark ------------------------------------------------------------------------
    dropped: list[dict[str, str]] = []
    by_prompt = [rows_by_place(tokenizer, one, cfg.max_length, dropped) for one in asked]
    rows = [row for found in by_prompt for row in found.values()]

    def tell(done: int) -> None:
        emit("marked", done=done, of=len(rows))

    pad = int(model.config.pad_token_id)
    given = iter(marks(model, rows, pad=pad, budget=cfg.batch_tokens, tell=tell))

    # ---- save ------------------------------------------------------------------------
    lines = [marked(one, found, given) for one, found in zip(asked, by_prompt, strict=True)]
    out.mkdir(parents=True, exist_ok=True)
    write_lines(out / MARKS, lines)
    facts = {
        "recipe": "mark",
        "config": asdict(cfg),
        "dropped": len(dropped),
        "answers_sha256": sha256(Path(cfg.answers)),
        "seconds": round(time.monotonic() - started, 1),
        "versions": versions(),
    }
    write_manifest(out, facts, [MARKS])
    emit("done", prompts=len(asked), seconds=facts["seconds"])
    return lines


def marked(one: Ranked, rows: dict[int, Row], given: Iterator[float]) -> dict[str, Any]:
    """None for an answer that cannot be read: an empty one, or with a control token."""
    by_place = {place: round(next(given), DIGITS) for place in rows}
    return {"id": one.id, "marks": [by_place.get(n) for n in range(len(one.replies))]}


def read_asked(path: Path) -> list[Ranked]:
    """Each prompt with its answers, of which none is better yet."""
    asked = []
    for where, content in read_lines(path):
        answers = content.get("answers")
        if not isinstance(answers, list) or not all(isinstance(a, str) for a in answers):
            raise Trouble(f"{where}: 'answers' must be a list of texts.")
        name = str(content.get("id"))
        turns = read_turns(content.get("messages"), f"{where}, messages")
        replies = [Reply(f"{name}:{place}", text) for place, text in enumerate(answers)]
        asked.append(Ranked(name, name, "", turns, replies, []))
    if not asked:
        raise Trouble(f"{path} holds no answer to mark.")
    return asked


if __name__ == "__main__":
    run(main, Config)
