from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trainer.recipes.common import emit, read_object, run, write_manifest


@dataclass(frozen=True)
class Config:
    base: str
    adapter: str
    out: str
    form: str
    facts: str
    revision: str | None = None


def main(cfg: Config) -> None:
    folder = Path(cfg.out) / cfg.form
    folder.mkdir(parents=True)
    facts = read_object(Path(cfg.facts)) or {}
    (folder / "README.md").write_text(f"{facts['name']} {facts['method']}")
    (folder / "model.safetensors").write_bytes(b"merged" * 100)
    names = [f"{cfg.form}/README.md", f"{cfg.form}/model.safetensors"]
    write_manifest(Path(cfg.out), {"bytes": 600, "adapter_sha256": "ab" * 32}, names)
    emit("done")


if __name__ == "__main__":
    run(main, Config)
