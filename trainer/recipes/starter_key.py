"""Names a starter by all that decides its bytes. No torch here: workers ask first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from trainer.recipes.common import MANIFEST, read_manifest

SOURCES = (
    "starter.py", "starter_corpus.py", "starter_key.py",
    "chat.py", "common.py", "data.py", "device.py", "order.py", "scoring.py",
)  # fmt: skip
LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors")
STEPS = 1060  # about a minute of one core
SEED = 1


def content_key(config: Mapping[str, object]) -> str:
    """Where the model is put does not change it; anything else does."""
    here = Path(__file__).parent
    facts = {
        "steps": config.get("steps", STEPS),
        "seed": config.get("seed", SEED),
        "sources": {
            n: hashlib.sha256((here / n).read_bytes()).hexdigest() for n in SOURCES
        },
        "versions": {name: version(name) for name in LIBRARIES},
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def folder_for(models_dir: Path, config: Mapping[str, object]) -> Path:
    return models_dir / f"starter-{content_key(config)[:12]}"


def find(models_dir: Path, config: Mapping[str, object]) -> Path | None:
    """The finished model of this config, if somebody has built it here."""
    folder = folder_for(models_dir, config)
    return folder if is_whole(folder, config) else None


def is_whole(folder: Path, config: Mapping[str, object]) -> bool:
    manifest = read_manifest(folder)
    return manifest is not None and manifest.get("content_key") == content_key(config)


def has_manifest(folder: Path) -> bool:
    return (folder / MANIFEST).is_file()
