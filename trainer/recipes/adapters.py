"""Several adapters on one base, side by side: each prompt answered by all, in one batch.

python -m trainer.recipes.adapters side_by_side/config.json

The base is held once. Each row of a batch names the adapter that it goes through.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from peft import PeftModel

from trainer.recipes.chat import prompt_ids
from trainer.recipes.common import (
    Trouble,
    demand,
    emit,
    run,
    sha256,
    versions,
    write_manifest,
)
from trainer.recipes.decoding import Drawing, one_each
from trainer.recipes.device import set_up
from trainer.recipes.models import check_adapter, check_length, load_base
from trainer.recipes.outputs import refuse_foreign_manifest, write_lines
from trainer.recipes.sample import read_prompts

BASE = "__base__"  # peft's name for the base alone
ANSWERS = "answers.jsonl"


@dataclass(frozen=True)
class Config:
    base: str
    adapters: list[str]  # folders
    prompts: str  # JSONL: {"id": …, "messages": [{"role", "content"}, …]}
    out: str  # answers.jsonl goes here; a folder of its own
    revision: str | None = None
    max_new_tokens: int = 64
    max_length: int = 512  # prompt and answer together
    threads: int = 1
    allow_download: bool = False

    def __post_init__(self) -> None:
        demand(bool(self.adapters), "Name one adapter at least.")
        demand(self.max_new_tokens > 0, "'max_new_tokens' must be at least 1.")
        demand(
            self.max_length > self.max_new_tokens, "'max_length' must hold an answer too."
        )
        demand(self.threads > 0, "The setting 'threads' must be at least 1.")


def main(cfg: Config) -> list[dict[str, Any]]:
    """Each line has the likeliest answers in order: the base's, then the adapters'."""
    # ---- set up ----------------------------------------------------------------------
    started, out = time.monotonic(), Path(cfg.out)
    refuse_foreign_manifest(out, "adapters")
    device = set_up(seed=0, threads=cfg.threads)
    prompts = read_prompts(Path(cfg.prompts))
    tokenizer, model = load_base(
        cfg.base, cfg.revision, device=device, allow_download=cfg.allow_download
    )
    check_length(model, cfg.max_length)
    model, names = stacked(model, cfg.adapters)
    room = cfg.max_length - cfg.max_new_tokens
    asked = [prompt_ids(tokenizer, turns)[-room:] for _, turns in prompts]
    emit("started", prompts=len(prompts), adapters=len(names), device=str(device))

    # ---- answer ----------------------------------------------------------------------
    ways = [BASE, *names]
    given = one_each(
        model, tokenizer, [ids for ids in asked for _ in ways],
        Drawing(cfg.max_new_tokens), adapters=ways * len(asked),
    )  # fmt: skip

    # ---- save ------------------------------------------------------------------------
    lines = [
        {"id": name, "answers": given[at * len(ways) : (at + 1) * len(ways)]}
        for at, (name, _) in enumerate(prompts)
    ]
    out.mkdir(parents=True, exist_ok=True)
    write_lines(out / ANSWERS, lines)
    facts = {
        "recipe": "adapters",
        "config": asdict(cfg),
        "prompts": len(prompts),
        "prompts_sha256": sha256(Path(cfg.prompts)),
        "seconds": round(time.monotonic() - started, 1),
        "versions": versions(),
    }
    write_manifest(out, facts, [ANSWERS])
    emit("done", prompts=len(prompts), seconds=facts["seconds"])
    return lines


def stacked(model: Any, adapters: Sequence[str]) -> tuple[PeftModel, list[str]]:
    """The model with all of them, none of them trained, and the names to call them by."""
    names = [f"adapter_{number}" for number in range(len(adapters))]
    tuned: Any = None
    for name, place in zip(names, adapters, strict=True):
        check_adapter(place)
        try:
            if tuned is None:
                tuned = PeftModel.from_pretrained(model, Path(place), adapter_name=name)
            else:
                tuned.load_adapter(Path(place), adapter_name=name)
        except (OSError, ValueError, RuntimeError) as error:
            raise Trouble(f"The adapter {place} does not fit this base model.") from error
    tuned.eval()
    return tuned, names


if __name__ == "__main__":
    run(main, Config)
