"""How much memory a run will take at most, told from a base's files before it is loaded.

Imports nothing but Python, so that a launch can be refused before a GPU is taken (see
trainer/estimates.py). Meant to be a little too high; measured figures: trainer/LOG.md.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.recipes import settings
from trainer.recipes.common import Trouble, read_object
from trainer.recipes.settings import FULL, LORA_4BIT

FP32, BF16, NF4 = 4.0, 2.0, 0.52  # bytes a weight; of 4 bits with their constants
ADAM = 2 * FP32  # two moments a trained weight
RUNTIME = 700 * 2**20  # Python and the libraries; on a GPU, CUDA's own
LONGEST_HEADER = 100 * 2**20
# The logits themselves, their softmax, and its gradient.
COPIES_OF_LOGITS = 3
REPLIES = {"sft": 1, "reward": 4, "dpo": 2, "unpaired": 1}  # read at once for an example


@dataclass(frozen=True)
class Shape:
    """What matters of a model."""

    weights: int
    matrices: tuple[tuple[int, int], ...]  # those that an adapter goes on
    layers: int
    hidden: int
    inner: int  # width of the feed-forward part
    keys: int  # width of keys, and of values
    vocabulary: int

    @property
    def in_matrices(self) -> int:
        return sum(math.prod(shape) for shape in self.matrices)


@dataclass(frozen=True)
class Estimate:
    """Bytes, by what they are for."""

    weights: int
    learning: int  # gradients and the optimizer's moments, and the adapter itself
    activations: int
    logits: int
    runtime: int = RUNTIME

    @property
    def total(self) -> int:
        parts = (self.weights, self.learning, self.activations, self.logits, self.runtime)
        return sum(parts)


def estimate(
    shape: Shape,
    *,
    recipe: str = "sft",
    tuning: str = "lora",
    dtype: str = settings.AUTO,
    lora_r: int = 8,
    batch_size: int = 16,
    max_length: int = 512,
    replies: int | None = None,
    on_gpu: bool = False,
) -> Estimate:
    """For one process. `replies` are those of the longest ranking, where that is known."""
    tokens = batch_size * (replies or REPLIES[recipe]) * max_length
    adapter = lora_r * sum(rows + columns for rows, columns in shape.matrices)
    trained = shape.weights if tuning == FULL else adapter
    learning = trained * (FP32 + ADAM) + (0 if tuning == FULL else adapter * FP32)
    is_half = dtype == settings.BF16 or (dtype == settings.AUTO and on_gpu)
    logits = 0 if recipe == "reward" else tokens * shape.vocabulary
    return Estimate(
        weights=math.ceil(_weights(shape, tuning, is_half=is_half)),
        learning=math.ceil(learning),
        activations=math.ceil(
            _activations(shape, tuning, tokens, on_gpu=on_gpu, is_half=is_half)
        ),
        logits=math.ceil(logits * FP32 * COPIES_OF_LOGITS),
    )


def _weights(shape: Shape, tuning: str, *, is_half: bool) -> float:
    if tuning == FULL:  # and a copy in bf16 to compute with
        return shape.weights * (FP32 + (BF16 if is_half else 0))
    if tuning == LORA_4BIT:
        return shape.in_matrices * NF4 + (shape.weights - shape.in_matrices) * FP32
    return shape.weights * (BF16 if is_half else FP32)


def _activations(
    shape: Shape, tuning: str, tokens: int, *, on_gpu: bool, is_half: bool
) -> float:
    """What is kept for the way back; on a GPU a layer's inputs, and one layer whole."""
    a_layer = 9 * shape.hidden + 4 * shape.keys + 4 * shape.inner
    if tuning != FULL:  # each adapter keeps its input, after dropout
        a_layer += 6 * shape.hidden + shape.inner
    if on_gpu:
        inputs = shape.layers * shape.hidden * (BF16 if is_half else FP32)
        return tokens * (inputs + a_layer * FP32)
    if is_half and tuning != FULL:  # all but attention: see fused.py
        attention = 2 * (shape.hidden + shape.keys)
        return tokens * shape.layers * (a_layer * BF16 + attention * FP32)
    return tokens * shape.layers * a_layer * FP32


# ---- the base's files ----------------------------------------------------------------


def shape_of(base: Path) -> Shape:
    """Costs a look at a few kilobytes of the base's files."""
    config = read_object(base / "config.json")
    if config is None:
        raise Trouble(f"{base} has no readable config.json; it is no model folder.")
    config = config.get("text_config", config)
    try:
        hidden, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
        width = int(config.get("head_dim") or hidden // heads)
        keys = width * int(config.get("num_key_value_heads") or heads)
        tensors = dict(_tensors(base))
        return Shape(
            weights=sum(math.prod(shape) for shape in tensors.values()),
            matrices=tuple(_matrices(tensors)),
            layers=int(config["num_hidden_layers"]),
            hidden=hidden,
            inner=int(config.get("intermediate_size") or 4 * hidden),
            keys=keys,
            vocabulary=int(config["vocab_size"]),
        )
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise Trouble(
            f"The size of {base} cannot be told from its files: {error}."
        ) from error


def _matrices(tensors: dict[str, list[int]]) -> Iterator[tuple[int, int]]:
    for name, shape in tensors.items():
        is_ends = any(part in name for part in ("embed", "lm_head", "wte", "wpe"))
        if len(shape) == 2 and not is_ends:
            yield shape[0], shape[1]


def _tensors(base: Path) -> Iterator[tuple[str, list[int]]]:
    """Names and shapes, from the headers."""
    index = read_object(base / "model.safetensors.index.json")
    names = set(index["weight_map"].values()) if index else None
    files = [base / name for name in names] if names else list(base.glob("*.safetensors"))
    if not files:
        raise Trouble(f"{base} has no .safetensors weights.")
    for path in sorted(files):
        yield from _header(path)


def _header(path: Path) -> Iterator[tuple[str, list[int]]]:
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > LONGEST_HEADER:
                raise Trouble(f"{path} is no safetensors file.")
            header: dict[str, Any] = json.loads(file.read(length))
    except (OSError, struct.error, ValueError) as error:
        raise Trouble(f"Cannot read {path}: {error}.") from error
    for name, tensor in header.items():
        if name != "__metadata__":
            yield name, tensor["shape"]
