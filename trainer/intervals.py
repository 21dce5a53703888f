"""How sure a mean is, by drawing whole conversations anew: answers of one are not many.

Plain calculations. The same numbers give the same interval: the dice are sown alike.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy

RESAMPLES = 1000
FEWEST = 5  # groups; the spread of fewer says little of what else there may be
AT_ONCE = 100  # resamples, so that a large set does not fill the memory
Column = tuple[Sequence[float], Sequence[float]]  # of each row: a sum, and its weight


class Interval(NamedTuple):
    """A mean, and where 95 of 100 draws have it; no ends with too few groups."""

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
    groups: Sequence[Hashable], columns: Mapping[str, Column], *, seed: int = 0
) -> dict[str, Interval]:
    """Of each column the sum of all rows by the sum of their weights, and how sure it is.

    All columns see the same draws, so differences between rows of a pair stay pairs. A
    column without weight is left out.
    """
    places = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    owner = numpy.array([places[group] for group in groups], dtype=int)
    there = {name: one for name, one in columns.items() if sum(one[1]) > 0}
    sums = {name: _by_group(owner, one[0], len(places)) for name, one in there.items()}
    weights = {name: _by_group(owner, one[1], len(places)) for name, one in there.items()}
    drawn = _drawn(sums, weights, len(places), seed)
    found = {}
    for name in there:
        value = float(sums[name].sum() / weights[name].sum())
        low, high = _ends(drawn[name], int((weights[name] > 0).sum()))
        found[name] = Interval(value, low, high)
    return found


def _by_group(owner: numpy.ndarray, values: Sequence[float], count: int) -> numpy.ndarray:
    return numpy.bincount(owner, weights=numpy.asarray(values, float), minlength=count)


def _drawn(
    sums: Mapping[str, numpy.ndarray],
    weights: Mapping[str, numpy.ndarray],
    groups: int,
    seed: int,
) -> dict[str, numpy.ndarray]:
    """The means of each resample; none where a resample has nothing of a column."""
    dice = numpy.random.default_rng(seed)
    found: dict[str, list[numpy.ndarray]] = {name: [] for name in sums}
    for _ in range(0, RESAMPLES if groups else 0, AT_ONCE):
        times = dice.multinomial(groups, numpy.full(groups, 1 / groups), size=AT_ONCE)
        for name in sums:
            weight = times @ weights[name]
            some = weight > 0
            found[name].append((times @ sums[name])[some] / weight[some])
    return {
        name: numpy.concatenate(parts) if parts else numpy.array([])
        for name, parts in found.items()
    }


def _ends(drawn: numpy.ndarray, groups: int) -> tuple[float | None, float | None]:
    if groups < FEWEST or not len(drawn):
        return None, None
    low, high = numpy.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)
