"""Several adapters of one base made into one.

python -m trainer.recipes.merge merged/3/config.json

`cat` keeps all of each, one beside the other, and the ranks add up. `ties` keeps the
largest changes and, where signs differ, those of the heavier side. Adding matrix to matrix
(`linear`) is refused: it multiplies one adapter's half by another's.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from peft.utils.merge_utils import ties
from safetensors.torch import load_file, save_file

from trainer.recipes.common import (
    Trouble,
    demand,
    emit,
    run,
    sha256,
    versions,
    write_json,
    write_manifest,
)
from trainer.recipes.models import check_adapter
from trainer.recipes.outputs import ADAPTER, WEIGHTS, refuse_foreign_manifest

CAT, TIES = METHODS = ("cat", "ties")
Weights = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Config:
    adapters: list[str]  # folders of finished runs' adapters, two or more
    out: str  # adapter/ and the manifest go here
    method: str = CAT
    weights: list[float] = field(default_factory=list)  # one each; none: 1 each
    density: float = 0.5  # of `ties`: the share of each adapter's numbers that is kept

    def __post_init__(self) -> None:
        demand(
            self.method != "linear",
            "'linear' multiplies parts of one adapter by parts of another. "
            "Take 'cat' or 'ties'.",
        )
        known = ", ".join(METHODS)
        demand(self.method in METHODS, f"The setting 'method' must be one of {known}.")
        demand(len(self.adapters) > 1, "Name two adapters at least.")
        demand(
            len(set(self.adapters)) == len(self.adapters), "Name each adapter only once."
        )
        demand(
            not self.weights or len(self.weights) == len(self.adapters),
            "Give one weight for each adapter, or none.",
        )
        demand(all(map(math.isfinite, self.weights)), "A weight must be a number.")
        demand(0 < self.density <= 1, "'density' is a share: above 0, at most 1.")


@dataclass(frozen=True)
class Adapter:
    place: str
    config: dict[str, Any]
    weights: Weights

    @property
    def rank(self) -> int:
        return int(self.config["r"])

    @property
    def scale(self) -> float:
        return float(self.config["lora_alpha"]) / self.rank


def main(cfg: Config) -> dict[str, Any]:
    # ---- read ------------------------------------------------------------------------
    started, out = time.monotonic(), Path(cfg.out)
    refuse_foreign_manifest(out, "merge")
    torch.set_num_threads(1)
    adapters = [read(place) for place in cfg.adapters]
    check(adapters, cfg.method)
    # On the CPU whatever there is: the same adapters give the same bytes.
    emit("started", adapters=len(adapters), method=cfg.method, steps=1, device="cpu",
         versions=versions())  # fmt: skip

    # ---- merge -----------------------------------------------------------------------
    shares = cfg.weights or [1.0] * len(adapters)
    if cfg.method == CAT:
        merged, rank = side_by_side(adapters, shares), sum(one.rank for one in adapters)
    else:
        merged, rank = by_sign(adapters, shares, cfg.density), adapters[0].rank

    # ---- save ------------------------------------------------------------------------
    first = adapters[0].config
    config = {**first, "r": rank, "lora_alpha": rank, "inference_mode": True}
    (out / "adapter").mkdir(parents=True, exist_ok=True)
    write_json(out / "adapter" / "adapter_config.json", config)
    save_file(merged, out / "adapter" / WEIGHTS, metadata={"format": "pt"})
    facts = {
        "recipe": "merge",
        "config": asdict(cfg),
        "merged": [sha256(Path(one.place) / WEIGHTS) for one in adapters],
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


def read(place: str) -> Adapter:
    config = check_adapter(place)
    if config.get("peft_type") != "LORA" or not isinstance(config.get("r"), int):
        raise Trouble(f"{place} is no LoRA adapter; only those are merged.")
    for name in ("rank_pattern", "alpha_pattern", "use_dora", "use_rslora", "lora_bias"):
        if config.get(name):
            raise Trouble(f"{place} has '{name}' set, which merging does not know.")
    return Adapter(place, config, load_file(Path(place) / WEIGHTS))


def check(adapters: Sequence[Adapter], method: str) -> None:
    """Refuse what does not belong together; the sentence says which ones."""
    first = adapters[0]
    for other in adapters[1:]:
        for name, said in (
            ("base_model_name_or_path", "stand on different bases"),
            ("revision", "stand on different revisions of their base"),
            ("task_type", "do different things"),
        ):
            if first.config.get(name) != other.config.get(name):
                raise Trouble(
                    f"{first.place} and {other.place} {said}: "
                    f"{first.config.get(name)} and {other.config.get(name)}."
                )
        if first.weights.keys() != other.weights.keys():
            raise Trouble(f"{first.place} and {other.place} change different layers.")
        if method == TIES and first.rank != other.rank:
            raise Trouble(
                f"{first.place} and {other.place} have ranks {first.rank} and "
                f"{other.rank}; 'ties' needs the same. Take 'cat'."
            )
        for name, weight in first.weights.items():
            if _inner(name, weight) != _inner(name, other.weights[name]):
                raise Trouble(f"{first.place} and {other.place} differ in size: {name}.")
    if unknown := [name for name in first.weights if not _is_a(name) and not _is_b(name)]:
        raise Trouble(f"{first.place} holds {unknown[0]}, which merging does not know.")


def _is_a(name: str) -> bool:
    return name.endswith("lora_A.weight")


def _is_b(name: str) -> bool:
    return name.endswith("lora_B.weight")


def _inner(name: str, weight: torch.Tensor) -> int:
    """The side that is not the rank."""
    return weight.shape[1] if _is_a(name) else weight.shape[0]


def side_by_side(adapters: Sequence[Adapter], shares: Sequence[float]) -> Weights:
    """Exactly the sum of the changes."""
    merged = {}
    for name in sorted(adapters[0].weights):
        parts = [one.weights[name].float() for one in adapters]
        if _is_a(name):
            scales = [
                share * one.scale for share, one in zip(shares, adapters, strict=True)
            ]
            parts = [part * scale for part, scale in zip(parts, scales, strict=True)]
        merged[name] = torch.cat(parts, dim=0 if _is_a(name) else 1).contiguous()
    return merged


def by_sign(
    adapters: Sequence[Adapter], shares: Sequence[float], density: float
) -> Weights:
    merged = {}
    scales = [share * one.scale for share, one in zip(shares, adapters, strict=True)]
    for name in sorted(adapters[0].weights):
        # Half of each scale on either side; its sign once.
        halves = [
            math.copysign(abs(scale) ** 0.5, scale if _is_a(name) else 1.0)
            for scale in scales
        ]
        parts = [one.weights[name].float() for one in adapters]
        merged[name] = ties(parts, torch.tensor(halves), density).contiguous()
    return merged


if __name__ == "__main__":
    run(main, Config)
