"""Which part of a version's examples each of several adapters learns. Needs no torch.

An adapter a part: when a text is taken back, only the adapter of its part is trained again.
A conversation lies in the same part in every version, so that the others stay as they are.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from trainer.recipes.common import MANIFEST, read_manifest, sha256
from trainer.recipes.data import TRAIN, read_lines
from trainer.recipes.settings import Settings

KEY = b"winnow.shards"
FOLDER = "shards"
# The settings that bear on what is learned; where it lies and who watches does not.
DECIDE = (
    "revision", "tuning", "dtype", "steps", "learning_rate", "warmup_steps", "lora_r",
    "lora_alpha", "lora_dropout", "targets", "max_length", "seed",
)  # fmt: skip
USUAL = {field.name: field.default for field in fields(Settings)}


def shard_of(conversation: str, shards: int) -> int:
    hashed = hashlib.blake2b(conversation.encode(), key=KEY, digest_size=8).digest()
    return int.from_bytes(hashed) % shards


def steps_of_each(steps: int, shards: int) -> int:
    """Of all steps; the same for each, however many examples it has."""
    return -(-steps // shards)


def present(train: Path, shards: int) -> list[int]:
    """Those that have any example."""
    found = {shard_of(one["conversation"], shards) for one in _lines(train)}
    return sorted(found)


def learned(config: dict[str, Any]) -> str:
    """The hash of all that decides what a shard's adapter comes to be: its settings, its
    own examples in their order, and the bytes that it begins with."""
    settings = [config.get(name, USUAL[name]) for name in DECIDE]
    sizes = [config.get(name, USUAL[name]) for name in ("batch_size", "accumulate")]
    part = [config[name] for name in ("replay_share", "shards", "shard")]
    data = Path(config["data"])
    own = hashlib.sha256()
    for one in _lines(data / TRAIN):
        if shard_of(one["conversation"], config["shards"]) == config["shard"]:
            own.update(json.dumps(one, sort_keys=True, ensure_ascii=False).encode())
    beginnings = [*_base(config["base"]), *_one(config.get("replay"))]
    if config.get("parent"):
        beginnings += _one(str(Path(config["parent"]) / "adapter_model.safetensors"))
    told = [settings, math.prod(sizes), part, own.hexdigest(), beginnings]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def same(folder: Path, wanted: str) -> dict[str, Any] | None:
    """The manifest of a shard that learned exactly this, whole to the byte; else None."""
    manifest = read_manifest(folder)
    if manifest is None or manifest.get("learned") != wanted:
        return None
    return manifest


def copy(folder: Path, out: Path) -> None:
    """A finished shard as it is, its manifest last."""
    manifest = read_manifest(folder)
    assert manifest is not None, "it was looked at before"
    for name in [*manifest["files"], MANIFEST]:
        aside = out / f"{name}.tmp"
        aside.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, aside)
        aside.replace(out / name)


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    return (content for _, content in read_lines(path))


def _base(base: str) -> list[str]:
    """Of a folder its weights and its config; of a hub id its name: the revision, which is
    a setting, pins the rest."""
    folder = Path(base)
    if not folder.is_dir():
        return [base]
    files = [*sorted(folder.glob("*.safetensors")), folder / "config.json"]
    return [f"{path.name} {sha256(path)}" for path in files if path.is_file()]


def _one(path: str | None) -> list[str]:
    return [sha256(Path(path))] if path and Path(path).is_file() else []
