"""Answers of the base and of the tuned model to the same prompts, side by side.

python -m trainer.recipes.sample runs/7/sample.json
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trainer.recipes.chat import Turn, prompt_ids, role_fault
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
from trainer.recipes.decoding import Drawing, Reply, replies
from trainer.recipes.device import set_up
from trainer.recipes.models import check_length, load_base, load_with_adapter
from trainer.recipes.outputs import refuse_foreign_manifest, write_lines

SAMPLES = "samples.jsonl"


@dataclass(frozen=True)
class Config:
    base: str
    prompts: str  # JSONL: {"id": …, "messages": [{"role", "content"}, …]}
    out: str  # samples.jsonl goes here; a folder of its own
    adapter: str | None = None  # without one only the base answers
    model: str | None = None  # or the folder of a whole tuned model
    revision: str | None = None
    max_new_tokens: int = 64
    temperature: float = 0.7  # 0: always the likeliest token
    top_p: float = 0.95
    max_length: int = 512  # prompt and answer together
    seed: int = 1
    threads: int = 1
    allow_download: bool = False

    def __post_init__(self) -> None:
        demand(self.max_new_tokens > 0, "'max_new_tokens' must be at least 1.")
        demand(
            self.max_length > self.max_new_tokens, "'max_length' must hold an answer too."
        )
        demand(self.temperature >= 0, "The temperature must not be negative.")
        demand(0 < self.top_p <= 1, "'top_p' is a share: above 0, at most 1.")
        demand(self.threads > 0, "The setting 'threads' must be at least 1.")
        demand(not (self.adapter and self.model), "Give an adapter or a model, not both.")


def main(cfg: Config) -> list[dict[str, Any]]:
    # ---- set up ----------------------------------------------------------------------
    started, out = time.monotonic(), Path(cfg.out)
    refuse_foreign_manifest(out, "sample")
    device = set_up(seed=cfg.seed, threads=cfg.threads)
    prompts = read_prompts(Path(cfg.prompts))
    tokenizer, model = load_base(
        cfg.base, cfg.revision, device=device, allow_download=cfg.allow_download
    )
    check_length(model, cfg.max_length)
    room = cfg.max_length - cfg.max_new_tokens
    asked = [prompt_ids(tokenizer, turns)[-room:] for _, turns in prompts]
    emit("started", prompts=len(prompts), device=str(device))

    # ---- answer ----------------------------------------------------------------------
    drawing = Drawing(cfg.max_new_tokens, cfg.temperature, cfg.top_p, cfg.seed)
    hears = tell("base", len(prompts))
    base = replies(model, tokenizer, asked, drawing, tell=hears)
    tuned = None
    if cfg.adapter:
        # Merged, the adapter costs nothing per token.
        model = load_with_adapter(model, cfg.adapter).merge_and_unload()
    if cfg.model:
        _, model = load_base(cfg.model, device=device)
    if cfg.adapter or cfg.model:
        hears = tell("tuned", len(prompts))
        tuned = replies(model, tokenizer, asked, drawing, tell=hears)

    # ---- save ------------------------------------------------------------------------
    samples = [
        {"id": name, **side("base", base[place]), **side("tuned", tuned and tuned[place])}
        for place, (name, _) in enumerate(prompts)
    ]
    out.mkdir(parents=True, exist_ok=True)
    write_lines(out / SAMPLES, samples)
    facts = {
        "recipe": "sample",
        "config": asdict(cfg),
        "prompts": len(prompts),
        "prompts_sha256": sha256(Path(cfg.prompts)),
        "seconds": round(time.monotonic() - started, 1),
        "versions": versions(),
    }
    write_manifest(out, facts, [SAMPLES])
    emit("done", prompts=len(prompts), seconds=facts["seconds"])
    return samples


def side(name: str, found: list[Reply] | None) -> dict[str, Any]:
    """What one model said, and whether it stopped by itself; nothing where none did."""
    one = found[0] if found else None
    return {name: one and one.text, f"{name}_ended": one and one.ended}


def tell(phase: str, count: int) -> Callable[[int], None]:
    return lambda done: emit("sampled", phase=phase, done=done, of=count)


def read_prompts(path: Path) -> list[tuple[str, list[Turn]]]:
    prompts = []
    for where, content in read_lines(path):
        if not isinstance(content.get("id"), str):
            raise Trouble(f"{where}: 'id' must be a string.")
        turns = read_turns(content.get("messages"), f"{where}, messages")
        if fault := role_fault(turns):
            raise Trouble(f"{where}: {fault}.")
        prompts.append((content["id"], turns))
    if not prompts:
        raise Trouble(f"{path} holds no prompt to answer.")
    return prompts


if __name__ == "__main__":
    run(main, Config)
