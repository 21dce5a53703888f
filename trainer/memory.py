"""How much memory a run needs, from its base's shape: a rough figure, on the safe side."""

from __future__ import annotations

from dataclasses import dataclass

# A process that has torch and all the rest loaded, and what its allocator holds besides:
# 0.9 GiB were measured with the starter on a CPU.
LIBRARIES = 2**30
FLOAT = 4
# Numbers that a layer keeps for the way back, per token and hidden unit; of the last layer
# one a token and word of the vocabulary, and its gradient.
KEPT_PER_UNIT = 34
# A whole model that learns: gradients and two moments beside its weights.
LEARNING = 3


@dataclass(frozen=True)
class Shape:
    """Of a base model, as its config.json and its files say."""

    weights: int  # bytes on disk
    layers: int
    hidden: int
    vocabulary: int


def needed(
    shape: Shape, *, batch_size: int, max_length: int, is_whole: bool = False
) -> int:
    """Bytes, of the process that trains and of what the device holds, in one sum."""
    tokens = batch_size * max_length
    activations = tokens * shape.layers * shape.hidden * KEPT_PER_UNIT * FLOAT
    scores = 2 * tokens * shape.vocabulary * FLOAT
    weights = shape.weights * (1 + (LEARNING if is_whole else 0))
    return LIBRARIES + weights + activations + scores
