"""Whether one model reads held-out answers better than another: losses in, changes out.

An interval comes from drawing conversations anew (B. Efron, "Bootstrap methods", 1979): the
replies of one are alike, so they are drawn together. Always with the same dice, so the same
losses give the same interval.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

RESAMPLES = 1000
DRAWN_AT_ONCE = 250_000  # conversations: a few megabytes, however many there are
GROUPS_AT_LEAST = 5  # fewer conversations have no interval worth the name


class Pair(NamedTuple):
    """What one example costs both models, in nats for the whole answer."""

    category: str
    before: float
    after: float
    group: Hashable = None  # its conversation; by itself where none is told


class Change(NamedTuple):
    """Of the loss, in percent: below zero is better. Low and high enclose it."""

    percent: float
    low: float | None  # none where the examples are too few to say
    high: float | None
    examples: int

    @property
    def is_worse(self) -> bool:
        return self.low is not None and self.low > 0

    @property
    def is_better(self) -> bool:
        return self.high is not None and self.high < 0


def change(pairs: Sequence[Pair], *, confidence: float = 0.95) -> Change | None:
    """None where there is nothing to compare."""
    costs = _by_group(pairs)
    before, after = costs.sum(axis=0) if pairs else (0.0, 0.0)
    if not before:
        return None
    percent = 100 * float(after / before - 1)
    if len(costs) < GROUPS_AT_LEAST:
        return Change(percent, None, None, len(pairs))
    tail = (1 - confidence) / 2
    low, high = np.quantile(_drawn(costs), (tail, 1 - tail))
    return Change(percent, float(low), float(high), len(pairs))


def _by_group(pairs: Sequence[Pair]) -> Matrix:
    """A row for each conversation: what it costs both models."""
    sums: dict[Hashable, list[float]] = {}
    for number, pair in enumerate(pairs):
        name = ("alone", number) if pair.group is None else pair.group
        row = sums.setdefault(name, [0.0, 0.0])
        row[0] += pair.before
        row[1] += pair.after
    return np.array(list(sums.values()), dtype=np.float64)


def _drawn(costs: Matrix) -> Matrix:
    """The change of each resample, some at a time."""
    dice, many = np.random.default_rng(0), len(costs)
    at_once = max(1, DRAWN_AT_ONCE // many)
    changes = []
    for start in range(0, RESAMPLES, at_once):
        size = (min(at_once, RESAMPLES - start), many)
        before, after = costs[dice.integers(many, size=size)].sum(axis=1).T
        changes.append(100 * (after / np.where(before, before, 1) - 1))
    return np.concatenate(changes)


def by_category(pairs: Sequence[Pair], *, confidence: float = 0.95) -> dict[str, Change]:
    groups: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.category].append(pair)
    changes = {name: change(groups[name], confidence=confidence) for name in sorted(groups)}
    return {name: one for name, one in changes.items() if one is not None}
