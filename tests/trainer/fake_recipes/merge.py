from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trainer.recipes.common import Trouble, emit, run, write_manifest


@dataclass(frozen=True)
class Config:
    adapters: list[str]
    out: str
    method: str


def main(cfg: Config) -> None:
    for folder in cfg.adapters:
        if not (Path(folder) / "adapter_model.safetensors").is_file():
            raise Trouble(f"{folder} has no adapter.")
    (Path(cfg.out) / "adapter").mkdir(parents=True)
    emit("started", steps=1, device="cpu")
    names = ["adapter/adapter_model.safetensors", "adapter/adapter_config.json"]
    for name in names:
        (Path(cfg.out) / name).write_bytes(b"both")
    write_manifest(Path(cfg.out), {"recipe": "merge"}, names)
    emit("done")


if __name__ == "__main__":
    run(main, Config)
