"""Which rows each step trains on: decided ahead, so that it can be told later."""

from __future__ import annotations

import random
from collections.abc import Iterator

# Batches are made within windows of this many: even lengths, still mixed.
WINDOW = 50


def training_order(
    lengths: list[int], *, own: int, replay_share: float, size: int, count: int, seed: int
) -> list[int]:
    """`size` x `count` indices, each run of `size` being a step's rows of like length.

    Rows before `own` are the version's, the rest is replay. Each pass shows every own row
    once, and as much replay as makes up its share, the next part of it each time.
    """
    rng = random.Random(seed)
    replay = _endless(list(range(own, len(lengths))), rng)
    mixed = round(own * replay_share / (1 - replay_share)) if own < len(lengths) else 0
    window = size * max(1, min(WINDOW, (own + mixed) // size))
    stream = _passes(own, mixed, replay, rng)
    steps: list[list[int]] = []
    while len(steps) < count:
        rows = sorted((next(stream) for _ in range(window)), key=lambda row: lengths[row])
        group = [rows[start : start + size] for start in range(0, window, size)]
        rng.shuffle(group)
        steps += group
    return [row for step in steps[:count] for row in step]


def _passes(
    own: int, mixed: int, replay: Iterator[int], rng: random.Random
) -> Iterator[int]:
    while True:
        rows = [*range(own), *(next(replay) for _ in range(mixed))]
        rng.shuffle(rows)
        yield from rows


def _endless(rows: list[int], rng: random.Random) -> Iterator[int]:
    while rows:
        rng.shuffle(rows)
        yield from rows


def length_batches(lengths: list[int], budget: int) -> list[list[int]]:
    """Indices grouped so that each group, padded to its longest, stays within `budget`."""
    order = sorted(range(len(lengths)), key=lambda index: lengths[index])
    batches: list[list[int]] = []
    for index in order:
        if batches and lengths[index] * (len(batches[-1]) + 1) <= budget:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches
