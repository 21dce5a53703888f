"""Room on the disk: what a recipe will need, and whether that is there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from trainer.errors import TrainingFailed
from trainer.recipes.common import read_object

MARGIN = 64 * 2**20  # for logs, lists, and what others write meanwhile
KEPT = 4  # two checkpoints, one more while it is written, and the result
FLOAT = 4  # bytes; weights that learn are kept in full precision
WITH_OPTIMIZER = 3  # the weights and two moments of each
FULL = "full"
NO_ROOM = (
    "There is too little room on the trainer's disk: about {needed} are needed in "
    "{folder}, {free} are free. Make room there, then start it again."
)


def require(folder: Path, config: dict[str, Any]) -> None:
    """Raise TrainingFailed where a recipe with this config would fill the disk."""
    needed, free = MARGIN + _written(config), shutil.disk_usage(folder).free
    if needed > free:
        said = NO_ROOM.format(needed=_shown(needed), folder=folder, free=_shown(free))
        raise TrainingFailed(said)


def _written(config: dict[str, Any]) -> int:
    """An estimate from above; only what trains or exports writes much."""
    if config.get("form") == "model":
        return 2 * _weights(config)  # in 32 bits, and they may lie there in 16
    if "lora_r" not in config:
        return 0
    if config.get("tuning") == FULL:
        return (
            2 * _weights(config) * WITH_OPTIMIZER * KEPT
        )  # they may lie there in half precision
    return _adapter(config) * FLOAT * WITH_OPTIMIZER * KEPT


def _weights(config: dict[str, Any]) -> int:
    """Bytes of the base, 0 where it is no folder."""
    files = Path(config["base"]).glob("*.safetensors")
    return sum(path.stat().st_size for path in files)


def _adapter(config: dict[str, Any]) -> int:
    """How many numbers learn when every linear layer gets an adapter."""
    model = read_object(Path(config["base"]) / "config.json") or {}
    model = model.get("text_config") or model
    hidden, layers = model.get("hidden_size"), model.get("num_hidden_layers")
    if not isinstance(hidden, int) or not isinstance(layers, int):
        return 0  # a hub id, or a family that names them otherwise
    inner = model.get("intermediate_size")
    inner = inner if isinstance(inner, int) else 4 * hidden
    return int(config["lora_r"] * layers * (4 * 2 * hidden + 3 * (hidden + inner)))


def _shown(size: int) -> str:
    return f"{size / 2**30:.1f} GB" if size >= 2**30 else f"{size / 2**20:.0f} MB"
