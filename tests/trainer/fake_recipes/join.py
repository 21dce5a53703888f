"""An adapter of several, without reading any."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.trainer.fake_recipes.sft import write_weights
from trainer.recipes.common import emit, run, write_manifest


@dataclass(frozen=True)
class Config:
    shards: list[str]
    out: str


def main(cfg: Config) -> None:
    out = Path(cfg.out)
    assert all((Path(place) / "manifest.json").exists() for place in cfg.shards)
    write_manifest(out, {"recipe": "sft"}, write_weights(out, "lora"))
    emit("done")


if __name__ == "__main__":
    run(main, Config)
