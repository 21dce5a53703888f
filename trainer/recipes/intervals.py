"""How sure a share or a mean is, when what was counted comes in groups."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy

RESAMPLES = 1000
Interval = tuple[float, float]


def grouped(values: Sequence[float], groups: Sequence[Hashable], seed: int = 0) -> Interval:
    """95 % of a mean by drawing whole groups anew: ten pairs of one prompt are not ten.

    With fewer than two groups nothing can be drawn, so a share's own interval is taken.
    """
    members: dict[Hashable, list[float]] = {}
    for value, group in zip(values, groups, strict=True):
        members.setdefault(group, []).append(value)
    if len(members) < 2:
        return wilson(sum(values), len(values))
    sums = numpy.array([sum(each) for each in members.values()])
    counts = numpy.array([len(each) for each in members.values()])
    dice = numpy.random.default_rng(seed)
    drawn = dice.integers(len(sums), size=(RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = numpy.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def wilson(hits: float, count: int, z: float = 1.96) -> Interval:
    """95 % of a share of independent ones; 0 to 1 where there is none."""
    if count == 0:
        return 0.0, 1.0
    share = hits / count
    middle = share + z * z / (2 * count)
    reach = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    whole = 1 + z * z / count
    return max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole)


def correlation(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Pearson's; None where one side does not vary."""
    if len(left) < 2 or numpy.std(left) == 0 or numpy.std(right) == 0:
        return None
    return float(numpy.corrcoef(left, right)[0, 1])
