"""A model to take away: the adapter alone, or whole weights, with a card.

python -m trainer.recipes.export exported/5/config.json

Whole weights are the base's with the adapter added in, as safetensors in a folder that
transformers opens. `facts` is a JSON file with what the card says (card.py).
"""

from __future__ import annotations

import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from trainer.recipes.card import card
from trainer.recipes.common import (
    Trouble,
    demand,
    emit,
    read_object,
    run,
    sha256,
    versions,
    write_atomically,
    write_manifest,
)
from trainer.recipes.device import set_up
from trainer.recipes.models import check_adapter, load_base, load_with_adapter
from trainer.recipes.outputs import WEIGHTS, refuse_foreign_manifest

ADAPTER, MODEL = FORMS = ("adapter", "model")
README = "README.md"


@dataclass(frozen=True)
class Config:
    base: str
    adapter: str  # a finished run's adapter folder
    out: str  # adapter/ or model/ goes here; a folder of its own
    form: str = MODEL
    facts: str | None = None  # a JSON file for the card
    revision: str | None = None
    threads: int = 1
    allow_download: bool = False

    def __post_init__(self) -> None:
        known = ", ".join(FORMS)
        demand(self.form in FORMS, f"The setting 'form' must be one of {known}.")
        demand(self.threads > 0, "The setting 'threads' must be at least 1.")


def main(cfg: Config) -> dict[str, Any]:
    # ---- set up ----------------------------------------------------------------------
    started, out = time.monotonic(), Path(cfg.out)
    refuse_foreign_manifest(out, "export")
    facts = told(cfg)
    config = check_adapter(cfg.adapter)
    folder = out / cfg.form
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    emit("started", form=cfg.form)

    # ---- write -----------------------------------------------------------------------
    if cfg.form == ADAPTER:
        for name in ("adapter_config.json", WEIGHTS):
            shutil.copyfile(Path(cfg.adapter) / name, folder / name)
    else:
        merge(cfg, config, folder)
    text = card(facts, is_adapter=cfg.form == ADAPTER)
    write_atomically(folder / README, text)

    # ---- save ------------------------------------------------------------------------
    files = [f"{cfg.form}/{path.name}" for path in sorted(folder.iterdir())]
    manifest = write_manifest(
        out,
        {
            "recipe": "export",
            "config": asdict(cfg),
            "adapter_sha256": facts["weights_sha256"],
            "bytes": sum((out / name).stat().st_size for name in files),
            "seconds": round(time.monotonic() - started, 1),
            "versions": versions(),
        },
        files,
    )
    emit("done", files=len(files), bytes=manifest["bytes"], seconds=manifest["seconds"])
    return manifest


def told(cfg: Config) -> dict[str, Any]:
    facts = read_object(Path(cfg.facts)) if cfg.facts else {}
    if facts is None:
        raise Trouble(f"{cfg.facts} holds no facts for the card.")
    check_adapter(cfg.adapter)
    return {**facts, "weights_sha256": sha256(Path(cfg.adapter) / WEIGHTS)}


def merge(cfg: Config, config: dict[str, Any], folder: Path) -> None:
    """In 32 bits, whatever the base's weights are kept in."""
    set_up(seed=0, threads=cfg.threads)
    is_reward = config.get("task_type") == "SEQ_CLS"
    how: dict[str, Any] = {"num_labels": 1} if is_reward else {}
    tokenizer, model = load_base(
        cfg.base,
        cfg.revision,
        device=torch.device("cpu"),
        allow_download=cfg.allow_download,
        kind=AutoModelForSequenceClassification if is_reward else AutoModelForCausalLM,
        **how,
    )
    merged = load_with_adapter(model, cfg.adapter).merge_and_unload(safe_merge=True)
    if is_reward:
        merged.config.pad_token_id = tokenizer.pad_token_id
    merged.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    run(main, Config)
