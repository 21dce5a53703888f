"""Several answers of one model to each of many prompts.

python -m trainer.recipes.generate runs/job-7/generate.json
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from trainer.recipes.chat import prompt_ids
from trainer.recipes.common import demand, emit, run, sha256, versions, write_manifest
from trainer.recipes.device import set_up
from trainer.recipes.models import check_length, load_base, load_with_adapter
from trainer.recipes.outputs import refuse_foreign_manifest, write_lines
from trainer.recipes.sample import (
    drawing,
    end_tokens,
    left_padded,
    read_prompts,
    until_end,
)

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
    replies, tokens = several(model, tokenizer, asked, cfg)

    # ---- save ------------------------------------------------------------------------
    lines = [
        {"id": name, "answers": texts}
        for (name, _), texts in zip(prompts, replies, strict=True)
    ]
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


@torch.inference_mode()
def several(
    model: Any, tokenizer: Any, asked: list[list[int]], cfg: Config
) -> tuple[list[list[str]], int]:
    """The answers to each prompt, those of one made together; and how many tokens."""
    model.eval()
    ends = end_tokens(model, tokenizer)
    replies: list[list[str]] = [[] for _ in asked]
    at_once, tokens, done = max(1, ROWS // cfg.answers), 0, 0
    by_length = sorted(range(len(asked)), key=lambda index: len(asked[index]))
    for start in range(0, len(by_length), at_once):
        batch = by_length[start : start + at_once]
        torch.manual_seed(cfg.seed + start)
        ids, mask = left_padded([asked[i] for i in batch], int(tokenizer.pad_token_id))
        made = model.generate(
            input_ids=ids.to(model.device),
            attention_mask=mask.to(model.device),
            max_new_tokens=cfg.max_new_tokens,
            num_return_sequences=cfg.answers,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=ends,
            **drawing(cfg),
        )
        for number, row in enumerate(made[:, ids.shape[1] :].tolist()):
            said = until_end(row, ends)
            tokens += len(said)
            text = tokenizer.decode(said, skip_special_tokens=True)
            replies[batch[number // cfg.answers]].append(text.strip())
        done += len(batch)
        emit("sampled", done=done, of=len(asked))
    return replies, tokens


if __name__ == "__main__":
    run(main, Config)
