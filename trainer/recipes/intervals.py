"""How sure a mean or a share is, when what was counted comes in groups.

Whole groups are drawn anew (B. Efron, "Bootstrap methods", 1979): ten answers of one
conversation are not ten. The dice are sown alike: the same numbers give the same interval.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy
import numpy.typing

Matrix = numpy.typing.NDArray[numpy.float64]

RESAMPLES = 1000
FEWEST = 5  # groups; the spread of fewer says little of what else there may be
DRAWN_AT_ONCE = 250_000  # groups: a few megabytes, however many there are
Column = tuple[Sequence[float], Sequence[float]]  # of each row: a sum, and its weight
Ends = tuple[float, float]


class Interval(NamedTuple):
    """A mean, and where most draws have it; no ends with too few groups."""

    value: float
    low: float | None
    high: float | None

    @property
    def is_above(self) -> bool:
        return self.low is not None and self.low > 0

    @property
    def is_below(self) -> bool:
        return self.high is not None and self.high < 0


def means(
    groups: Sequence[Hashable],
    columns: Mapping[str, Column],
    *,
    confidence: float = 0.95,
    fewest: int = FEWEST,
    seed: int = 0,
) -> dict[str, Interval]:
    """Of each column the sum of all rows by the sum of their weights, and how sure it is.

    All columns see the same draws, so differences between rows of a pair stay pairs. A
    column without weight is left out.
    """
    names = [name for name, (_, weights) in columns.items() if sum(weights) > 0]
    if not names:
        return {}
    places = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    owner = numpy.array([places[group] for group in groups])
    sums, weights = (
        numpy.array([by_group(owner, columns[name][part]) for name in names]).T
        for part in (0, 1)
    )
    drawn = redrawn(sums, weights, seed)
    tail = (1 - confidence) / 2
    found = {}
    for place, name in enumerate(names):
        value = float(sums[:, place].sum() / weights[:, place].sum())
        low = high = None
        if (weights[:, place] > 0).sum() >= fewest:
            there = drawn[~numpy.isnan(drawn[:, place]), place]
            low, high = map(float, numpy.quantile(there, (tail, 1 - tail)))
        found[name] = Interval(value, low, high)
    return found


def by_group(
    owner: numpy.typing.NDArray[numpy.int64], values: Sequence[float] | Matrix
) -> Matrix:
    return numpy.bincount(owner, weights=numpy.asarray(values)).astype(float)


def redrawn(sums: Matrix, weights: Matrix, seed: int) -> Matrix:
    """The means of each resample, some at a time; nan where it drew no weight."""
    dice, many = numpy.random.default_rng(seed), len(sums)
    both = numpy.hstack([sums, weights])
    at_once = max(1, DRAWN_AT_ONCE // many)
    parts = []
    for start in range(0, RESAMPLES, at_once):
        draws = min(at_once, RESAMPLES - start)
        chosen = dice.integers(many, size=(draws, many))
        chosen += many * numpy.arange(draws)[:, None]
        times = numpy.bincount(chosen.ravel(), minlength=draws * many)
        totals, weight = numpy.hsplit(times.reshape(draws, many) @ both, 2)
        parts.append(totals / numpy.where(weight > 0, weight, numpy.nan))
    return numpy.concatenate(parts)


def grouped(values: Sequence[float], groups: Sequence[Hashable], seed: int = 0) -> Ends:
    """95 % of a mean, however few the groups.

    With fewer than two nothing can be drawn, so a share's own interval is taken.
    """
    if len(set(groups)) < 2:
        return wilson(sum(values), len(values))
    column = (values, [1.0] * len(values))
    found = means(groups, {"": column}, fewest=2, seed=seed)[""]
    assert found.low is not None and found.high is not None
    return found.low, found.high


def unsure(low: float, high: float, groups: int) -> Ends:
    """The ends of a share; where all draws are alike, as of nothing but wins, those of so
    many independent ones: drawing anew never finds what was not there."""
    return wilson(low * groups, groups) if low == high else (low, high)


def wilson(hits: float, count: int, z: float = 1.96) -> Ends:
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
