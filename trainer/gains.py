"""Whether one model reads held-out answers better than another: losses in, changes out.

An interval comes from drawing examples anew (B. Efron, "Bootstrap methods", 1979), always
with the same dice, so the same losses give the same interval.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

RESAMPLES = 1000
EXAMPLES_AT_LEAST = 5  # fewer have no interval worth the name


class Pair(NamedTuple):
    """What one example costs both models, in nats for the whole answer."""

    category: str
    before: float
    after: float


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
    before = np.array([pair.before for pair in pairs])
    after = np.array([pair.after for pair in pairs])
    if not pairs or not before.sum():
        return None
    percent = 100 * float(after.sum() / before.sum() - 1)
    if len(pairs) < EXAMPLES_AT_LEAST:
        return Change(percent, None, None, len(pairs))
    dice = np.random.default_rng(0)
    drawn = dice.integers(len(pairs), size=(RESAMPLES, len(pairs)))
    sums = before[drawn].sum(axis=1)
    changes = 100 * (after[drawn].sum(axis=1) / np.where(sums, sums, 1) - 1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(changes, (tail, 1 - tail))
    return Change(percent, float(low), float(high), len(pairs))


def by_category(pairs: Sequence[Pair], *, confidence: float = 0.95) -> dict[str, Change]:
    groups: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.category].append(pair)
    changes = {name: change(groups[name], confidence=confidence) for name in sorted(groups)}
    return {name: one for name, one in changes.items() if one is not None}
