"""What more examples would likely bring: losses of small trainings in, forecasts out.

Plain calculations. The loss of a category's held-out answers is taken to fall with its
examples as a + b n^-c, which is fitted anew to each draw of conversations and seeds; the
spread of what the fits foretell is the interval. Where the fits are at odds with one
another, or with what the last examples brought, nothing is foretold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy

from trainer import chance
from trainer.chance import Asked, Drawn
from trainer.recipes.intervals import Interval

MORE = 100
PARTS = (0.125, 0.25, 0.5, 1.0)  # of each category's examples
BENDS = numpy.arange(0.1, 2.01, 0.1)  # of the curve: c
LEAST_STEPS = 5
FEWEST = 25  # examples: from fewer, a hundred more are too far away
WIDE = 0.25  # of the loss: an interval so wide says nothing, unless the change is wider

FEW, FEW_HELD_OUT, AT_ODDS, VAGUE = "few", "few_held_out", "at_odds", "vague"


class Prospect(NamedTuple):
    """Of one category."""

    category: str
    examples: int  # to learn from
    held_out: int
    sizes: list[int]
    losses: list[Interval]  # with so many examples
    change: Interval  # of the loss, with MORE examples
    why: str  # it cannot be told; "" where it can

    @property
    def is_told(self) -> bool:
        return not self.why

    @property
    def percent(self) -> float:
        """The change as a share of the loss now, which orders them."""
        now = self.losses[-1].value
        return 100 * self.change.value / now if now else 0.0


def steps(whole: int, some: int, of: int) -> int:
    """For `some` of so many examples, when all of them take `whole`: as many passes."""
    return max(min(LEAST_STEPS, whole), round(whole * some / of))


def prospects(
    asked: Sequence[Asked],
    sizes: Mapping[str, Sequence[int]],
    losses: Sequence[Sequence[Sequence[float]]],
    *,
    more: int = MORE,
) -> list[Prospect]:
    """By category, those first that gain most, those last of which nothing can be told.

    `sizes` has how many examples of a category each part has, the smallest first;
    `losses` are by part, seed and answer.
    """
    found = numpy.array(losses)
    told = [
        _prospect(asked, sizes[group.category], found, group, more)
        for group in chance.groups(asked)
        if not group.is_all and group.category in sizes
    ]
    return sorted(told, key=lambda one: (not one.is_told, one.percent, one.category))


def _prospect(
    asked: Sequence[Asked],
    sizes: Sequence[int],
    losses: numpy.ndarray,
    group: chance.Group,
    more: int,
) -> Prospect:
    drawn = chance.drawn(asked, losses, group)
    now, one = sizes[-1], numpy.eye(len(sizes))
    facts = (group.category, now, len(group.places), list(sizes),
             [drawn.interval(which) for which in one])  # fmt: skip
    if now < FEWEST:
        return Prospect(*facts, Interval(0.0, None, None), FEW)
    change = _change(drawn, sizes, now + more)
    why = "" if drawn.is_sure else FEW_HELD_OUT
    return Prospect(*facts, change, why or _doubt(drawn, sizes, change))


def _change(drawn: Drawn, sizes: Sequence[int], then: int) -> Interval:
    """Of one training with `then` examples, against one with the largest part: what the
    curves say, and how far each of the two may stray, as those with the largest part do."""
    places = numpy.array([float(sizes[-1]), float(then)])
    curves = numpy.concatenate([drawn.values[None], drawn.draws.T])
    said = _fitted(curves, sizes, places)
    noise = numpy.random.default_rng(2).standard_normal(said[1:].shape)
    said[1:] *= 1 + drawn.apart[-1][:, None] * noise
    moved = said[:, 1] - said[:, 0]
    return drawn.of(float(moved[0]), moved[1:])


def _doubt(drawn: Drawn, sizes: Sequence[int], change: Interval) -> str:
    """Why it cannot be told: the smaller parts do not foretell the whole, or the fits
    differ too much."""
    before = _fitted(drawn.draws[:-1].T, sizes[:-1], numpy.array([float(sizes[-1])]))
    missed = drawn.of(0.0, drawn.draws[-1] - before[:, 0])
    if missed.is_above or missed.is_below:
        return AT_ODDS
    assert change.low is not None and change.high is not None, "there are enough"
    width = change.high - change.low
    return VAGUE if width > max(WIDE * drawn.values[-1], -change.value) else ""


def _fitted(
    curves: numpy.ndarray, sizes: Sequence[int], places: numpy.ndarray
) -> numpy.ndarray:
    """What a + b n^-c, fitted to each curve (a row each), says of so many examples.

    The loss that remains, a, is not below zero; b may be, as in so many steps more examples
    may be learned less well. Relative errors count, so the small losses with many examples
    weigh as much as the large ones with few.
    """
    weights = 1 / numpy.maximum(curves, 1e-6) ** 2
    total, best = weights.sum(axis=1), numpy.full(len(curves), numpy.inf)
    said = numpy.zeros((len(curves), len(places)))
    for bend in BENDS:
        x = numpy.array(sizes, float) ** -bend
        a, b = _line(x, curves, weights, total)
        error = (weights * (a[:, None] + b[:, None] * x - curves) ** 2).sum(axis=1)
        better = error < best
        best = numpy.where(better, error, best)
        here = a[:, None] + b[:, None] * places**-bend
        said = numpy.where(better[:, None], here, said)
    return said


def _line(
    x: numpy.ndarray, curves: numpy.ndarray, weights: numpy.ndarray, total: numpy.ndarray
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The best a and b of each row, a not below zero."""
    middle_x = (weights * x).sum(axis=1) / total
    middle_y = (weights * curves).sum(axis=1) / total
    apart = x - middle_x[:, None]
    b = (weights * apart * curves).sum(axis=1) / (weights * apart**2).sum(axis=1)
    through_zero = (weights * x * curves).sum(axis=1) / (weights * x**2).sum(axis=1)
    a = middle_y - b * middle_x
    b = numpy.where(a < 0, through_zero, b)
    return numpy.maximum(a, 0.0), b
