"""Several answers of one model to each of many prompts.

python -m trainer.recipes.generate runs/job-7/generate.json
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trainer.recipes.chat import prompt_ids
from trainer.recipes.common import demand, emit, run, sha256, versions, write_manifest
from trainer.recipes.decoding import Drawing, replies
from trainer.recipes.device import set_up
from trainer.recipes.models import check_length, load_base, load_with_adapter
from trainer.recipes.outputs import refuse_foreign_manifest, write_lines
from trainer.recipes.sample import read_prompts

ROWS = 96  # answers under way at once
ANSWERS = "answers.jsonl"


@dataclass(frozen=True)
class Config:
    base: str
    prompts: str  # JSONL: {"id": …, "messages": [{"role", "content"}, …]}
    out: str  # answers.jsonl goes here; a folder of its own
    adapter: str | None = None  # without one the base answers
    revision: str | None = None
    answers: int = 4  # to each prompt
    max_new_tokens: int = 64
    temperature: float = 0.9
    top_p: float = 0.95
    max_length: int = 512  # prompt and answer together
    seed: int = 1
    threads: int = 1
    allow_download: bool = False

    def __post_init__(self) -> None:
        demand(self.answers > 0, "'answers' must be at least 1.")
        demand(self.max_new_tokens > 0, "'max_new_tokens' must be at least 1.")
        demand(
            self.max_length > self.max_new_tokens, "'max_length' must hold an answer too."
        )
        demand(self.temperature >= 0, "The temperature must not be negative.")
        demand(
            self.temperature > 0 or self.answers == 1,
            "At temperature 0 all answers are the same: ask for one, or raise it.",
        )
        demand(0 < self.top_p <= 1, "'top_p' is a share: above 0, at most 1.")
        demand(self.threads > 0, "The setting 'threads' must be at least 1.")


def main(cfg: Config) -> list[dict[str, Any]]:
    # ---- set up ----------------------------------------------------------------------
    started, out = time.monotonic(), Path(cfg.out)
    refuse_foreign_manifest(out, "generate")
    device = set_up(seed=cfg.seed, threads=cfg.threads)
    prompts = read_prompts(Path(cfg.prompts))
    tokenizer, model = load_base(
        cfg.base, cfg.revision, device=device, allow_download=cfg.allow_download
    )
    check_length(model, cfg.max_length)
    if cfg.adapter:
        # Merged, the adapter costs nothing per token.
        model = load_with_adapter(model, cfg.adapter).merge_and_unload()
    room = cfg.max_length - cfg.max_new_tokens
    asked = [prompt_ids(tokenizer, turns)[-room:] for _, turns in prompts]
    emit("started", prompts=len(prompts), device=str(device))

    # ---- answer ----------------------------------------------------------------------
    drawing = Drawing(cfg.max_new_tokens, cfg.temperature, cfg.top_p, cfg.seed)
    found = replies(
        model, tokenizer, asked, drawing, answers=cfg.answers, rows=ROWS,
        tell=lambda done: emit("sampled", done=done, of=len(asked)),
    )  # fmt: skip

    # ---- save ------------------------------------------------------------------------
    lines = [
        {
            "id": name,
            "answers": [one.text for one in several],
            "ended": [one.ended for one in several],
        }
        for (name, _), several in zip(prompts, found, strict=True)
    ]
    tokens = sum(one.tokens for several in found for one in several)
    out.mkdir(parents=True, exist_ok=True)
    write_lines(out / ANSWERS, lines)
    facts = {
        "recipe": "generate",
        "config": asdict(cfg),
        "prompts_sha256": sha256(Path(cfg.prompts)),
        "tokens": tokens,
        "seconds": round(time.monotonic() - started, 1),
        "versions": versions(),
    }
    write_manifest(out, facts, [ANSWERS])
    emit("done", prompts=len(prompts), tokens=tokens, seconds=facts["seconds"])
    return lines


if __name__ == "__main__":
    run(main, Config)
