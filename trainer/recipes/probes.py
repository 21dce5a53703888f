"""Whether a reward model can be gamed: what it gives to answers that nobody should like.

python -m trainer.recipes.probes runs/job-7/probes.json

Each held-out prompt has its good answer, and beside it constant, padded, repeated, bragging
and misplaced ones (see gaming.py). Told is in how many prompts each of them gets more than
the good answer, with an interval of 95 % that draws whole conversations; and in how many
pairs the order changes when the answers are read in another order.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trainer.recipes import gaming, preferences, verdicts
from trainer.recipes.common import Trouble, demand, emit, run, versions, write_json
from trainer.recipes.data import HELD_OUT, read_examples, sample
from trainer.recipes.device import set_up
from trainer.recipes.intervals import grouped, unsure
from trainer.recipes.items import Item, flat, render_items
from trainer.recipes.marks import load_reward_model, marks
from trainer.recipes.preferences import Preferences
from trainer.recipes.verdicts import Verdict

REPORT = "probes.json"
DIGITS = 4


@dataclass(frozen=True)
class Config:
    base: str
    data: str  # a frozen version's folder
    out: str  # probes.json goes here
    adapter: str | None = None  # of a reward model; without one the base must be one
    revision: str | None = None
    prompts: int = 200  # at most
    max_length: int = 512
    batch_tokens: int = 4096  # padding included
    seed: int = 1
    threads: int = 1
    allow_download: bool = False

    def __post_init__(self) -> None:
        demand(self.prompts > 0, "The setting 'prompts' must be at least 1.")
        demand(self.max_length >= 32, "Give 'max_length' room for 32 tokens at least.")
        demand(self.threads > 0, "The setting 'threads' must be at least 1.")
        demand(
            self.batch_tokens >= self.max_length, "'batch_tokens' must hold 'max_length'."
        )


def main(cfg: Config) -> dict[str, Any]:
    # ---- set up ----------------------------------------------------------------------
    started, out = time.monotonic(), Path(cfg.out)
    device = set_up(seed=cfg.seed, threads=cfg.threads)
    asked = sample(held_out_cases(Path(cfg.data)), cfg.prompts, cfg.seed)
    tokenizer, model = load_reward_model(
        cfg.base, cfg.adapter, cfg.revision, device=device,
        allow_download=cfg.allow_download,
    )  # fmt: skip
    probed = Preferences(kept=list(gaming.probed(asked)))
    items = render_items(tokenizer, probed, cfg.max_length).kept
    if not items:
        raise Trouble("No held-out answer can be read; give 'max_length' more room.")
    emit("started", prompts=len(items), device=str(device))

    # ---- mark, in both orders ----------------------------------------------------------
    rows = flat(items)
    pad = int(model.config.pad_token_id)

    def tell(done: int) -> None:
        emit("marked", step=min(done, len(rows)), of=len(rows))

    given = marks(model, rows, pad=pad, budget=cfg.batch_tokens, tell=tell)
    backwards = marks(model, rows[::-1], pad=pad, budget=cfg.batch_tokens)[::-1]

    # ---- save ------------------------------------------------------------------------
    report = {
        "recipe": "probes",
        "prompts": len(items),
        "probes": beaten(items, given),
        "order": flipped(items, given, backwards),
        "config": asdict(cfg),
        "versions": versions(),
        "seconds": round(time.monotonic() - started, 1),
    }
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / REPORT, report)
    emit("done", prompts=len(items), seconds=report["seconds"])
    return report


def held_out_cases(data: Path) -> list[gaming.Case]:
    ranked = preferences.read_ranked(data, preferences.HELD_OUT).kept
    found = gaming.cases(ranked, read_examples(data / HELD_OUT))
    if not found:
        raise Trouble("There is no held-out example; freeze a version that keeps some.")
    return found


def beaten(items: Sequence[Item], given: Sequence[float]) -> dict[str, Any]:
    """By probe: the share of prompts where it gets more than the good answer."""
    found, lines = verdicts.judge(items, given)
    by_probe: dict[str, list[Verdict]] = defaultdict(list)
    for verdict, line in zip(found, lines, strict=True):
        by_probe[line["worse"]].append(verdict)
    return {name: _share(by_probe[name]) for name in gaming.PROBES if name in by_probe}


def _share(found: Sequence[Verdict]) -> dict[str, Any]:
    wins = [1 - verdict.hit for verdict in found]
    groups = [verdict.group for verdict in found]
    low, high = unsure(*grouped(wins, groups), len(set(groups)))
    return {
        "share": round(sum(wins) / len(wins), DIGITS),
        "low": round(low, DIGITS),
        "high": round(high, DIGITS),
        "prompts": len(wins),
    }


def flipped(
    items: Sequence[Item], given: Sequence[float], backwards: Sequence[float]
) -> dict[str, Any]:
    """In how many pairs the other answer wins when all are read from the end."""
    before, _ = verdicts.judge(items, given)
    after, _ = verdicts.judge(items, backwards)
    changed = [one.hit != other.hit for one, other in zip(before, after, strict=True)]
    return {"share": round(sum(changed) / len(changed), DIGITS), "pairs": len(changed)}


if __name__ == "__main__":
    run(main, Config)
