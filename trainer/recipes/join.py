"""One adapter of several that each learned a part of the examples: their mean.

python -m trainer.recipes.join runs/7/join.json

Its rank is the sum of theirs. A mean of parts knows less than one adapter that learned
from all: see LOG.md for how much.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from trainer.recipes.common import (
    Trouble,
    demand,
    emit,
    read_manifest,
    run,
    sha256,
    versions,
    write_json,
    write_manifest,
)
from trainer.recipes.merge import check, read, side_by_side
from trainer.recipes.outputs import ADAPTER, WEIGHTS


@dataclass(frozen=True)
class Config:
    shards: list[str]  # folders of finished shards, each with its manifest
    out: str  # adapter/ and the manifest go here

    def __post_init__(self) -> None:
        demand(len(self.shards) > 0, "Name one shard at least.")
        demand(len(set(self.shards)) == len(self.shards), "Name each shard only once.")


def main(cfg: Config) -> dict[str, Any]:
    # ---- read ------------------------------------------------------------------------
    started, out = time.monotonic(), Path(cfg.out)
    torch.set_num_threads(1)
    parts = [part(Path(place)) for place in cfg.shards]
    adapters = [read(str(Path(place) / "adapter")) for place in cfg.shards]
    check(adapters, "cat")
    emit("started", adapters=len(adapters), method="mean")

    # ---- join ------------------------------------------------------------------------
    share = 1 / len(adapters)
    joined = side_by_side(adapters, [share] * len(adapters))
    rank = sum(one.rank for one in adapters)

    # ---- save ------------------------------------------------------------------------
    config = {**adapters[0].config, "r": rank, "lora_alpha": rank, "inference_mode": True}
    (out / "adapter").mkdir(parents=True, exist_ok=True)
    write_json(out / "adapter" / "adapter_config.json", config)
    save_file(joined, out / "adapter" / WEIGHTS, metadata={"format": "pt"})
    facts = {
        "recipe": parts[0]["recipe"],
        "config": asdict(cfg),
        "shards": [one["adapter_sha256"] for one in parts],
        "examples": sum(one["examples"] for one in parts),
        "tokens": sum(one["tokens"] for one in parts),
        "result": "adapter",
        "rank": rank,
        "adapter_sha256": sha256(out / "adapter" / WEIGHTS),
        "seconds": round(time.monotonic() - started, 1),
        "versions": versions(),
    }
    manifest = write_manifest(out, facts, ADAPTER)
    emit("done", adapter_sha256=facts["adapter_sha256"], rank=rank,
         seconds=facts["seconds"])  # fmt: skip
    return manifest


def part(folder: Path) -> dict[str, Any]:
    manifest = read_manifest(folder)
    if manifest is None or manifest.get("result") != "adapter":
        raise Trouble(f"{folder} holds no whole adapter of a shard.")
    return manifest


if __name__ == "__main__":
    run(main, Config)
