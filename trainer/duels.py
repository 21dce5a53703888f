"""Which model people like better: comparisons in, strengths and win rates out.

Bradley and Terry's model with covariates, as a logistic regression: the chance that the
first answer wins is sigma(strength_1 - strength_2 + what its length, its place on the page
and its Markdown add). At equal length, place and Markdown the covariates are zero: that is
the corrected win rate. Intervals come from drawing people and prompts anew, both at once
(A. B. Owen, "The pigeonhole bootstrap", 2007): ten ballots of one person are not ten
people, and ten on one prompt are not ten prompts. The dice are always the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import exp, log1p
from statistics import NormalDist
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

# As in curation/aggregate/strengths.py: a normal distribution before any ballot, so that a
# model that always won has a finite strength. Covariates are held back more.
PRIOR, PRIOR_OF_COVARIATES = 0.1, 1.0
STEPS = 50
CLOSE = 1e-8
FARTHEST = 32.0  # in log-odds: nobody is further from anybody
LARGEST_STEP = 4.0  # of a coefficient, where the likelihood is far from a parabola
RESAMPLES = 400
RESAMPLED_STEPS = 3  # from the whole solution, each is near its own
COVARIATES = ("length", "order", "style")


class Met(Protocol):
    """A comparison as curation.handoff gives it."""

    @property
    def ballot(self) -> int: ...
    @property
    def prompt(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def person(self) -> str: ...
    @property
    def first(self) -> str: ...
    @property
    def second(self) -> str: ...
    @property
    def share(self) -> float: ...
    @property
    def first_shown(self) -> int: ...
    @property
    def second_shown(self) -> int: ...
    @property
    def lengths(self) -> tuple[int, int]: ...
    @property
    def marks(self) -> tuple[int, int]: ...


class Rate(NamedTuple):
    """A share of wins, 0 to 1, and what encloses it; 0 to 1 where nothing is known."""

    share: float
    low: float
    high: float

    @property
    def is_above_chance(self) -> bool:
        return self.low > 0.5

    @property
    def is_settled(self) -> bool:
        return self.low > 0.5 or self.high < 0.5


class Standing(NamedTuple):
    """A model among several: its strength in log-odds around the mean of all."""

    name: str
    strength: float
    low: float
    high: float
    comparisons: int
    against: Rate | None  # the corrected chance against the reference


class Duel(NamedTuple):
    """The first of two against the second."""

    raw: Rate
    corrected: Rate
    covariates: dict[str, Rate]  # what one more of each adds, in log-odds
    comparisons: int
    ballots: int
    people: int
    prompts: int
    ties: int
    by_category: dict[str, tuple[Rate, int]]


def duel(
    met: Sequence[Met], first: str, second: str, *, confidence: float = 0.95
) -> Duel | None:
    """None where the two never met. Third models on the same ballots are left out."""
    rows = [one for one in met if {one.first, one.second} == {first, second}]
    if not rows:
        return None
    fitted = _Fit(rows, [first, second], confidence)
    wins = np.array([one.share if one.first == first else 1 - one.share for one in rows])
    categories: dict[str, list[int]] = defaultdict(list)
    for index, one in enumerate(rows):
        categories[one.category].append(index)
    return Duel(
        raw=_share(rows, wins, confidence),
        corrected=fitted.chance(0, 1),
        covariates=fitted.covariates(),
        comparisons=len(rows),
        ballots=len({one.ballot for one in rows}),
        people=len({one.person for one in rows}),
        prompts=len({one.prompt for one in rows}),
        ties=sum(one.share == 0.5 for one in rows),
        by_category={
            name: (_share([rows[i] for i in of], wins[of], confidence), len(of))
            for name, of in sorted(categories.items())
        },
    )


def standings(
    met: Sequence[Met], *, reference: str | None = None, confidence: float = 0.95
) -> list[Standing]:
    """All that met anybody, the strongest first."""
    names = sorted({name for one in met for name in (one.first, one.second)})
    if not names:
        return []
    fitted = _Fit(met, names, confidence)
    other = names.index(reference) if reference in names else None
    found = []
    for index, name in enumerate(names):
        rate = fitted.strength(index)
        count = sum(name in (one.first, one.second) for one in met)
        against = None
        if other is not None and other != index:
            against = fitted.chance(index, other)
        found.append(Standing(name, *rate, count, against))
    return sorted(found, key=lambda one: -one.strength)


class _Fit:
    """One solution, and many of drawn ballots around it."""

    def __init__(self, met: Sequence[Met], names: Sequence[str], confidence: float) -> None:
        self.models, self.confidence = len(names), confidence
        self.z = NormalDist().inv_cdf((1 + confidence) / 2)
        self.design, self.shares = design, shares = _design(met, names)
        self.prior = prior = np.full(design.shape[1], PRIOR)
        prior[self.models :] = PRIOR_OF_COVARIATES
        ones = np.ones(len(shares))
        self.best = _newton(design, shares, ones, prior, np.zeros(len(prior)), STEPS)
        self.bend = _bend(design, ones, prior, self.best)
        self.drawn = np.array(
            [
                _newton(design, shares, weights, prior, self.best, RESAMPLED_STEPS)
                for weights in _weights(met)
            ]
        )

    def value(self, contrast: Matrix) -> Rate:
        """Of a sum of coefficients. What encloses it is the wider of two: what the drawn
        ballots give, and what chance alone would, were all comparisons independent."""
        here = float(contrast @ self.best)
        low, high = self.between(contrast)
        reach = self.z * float(contrast @ np.linalg.solve(self.bend, contrast)) ** 0.5
        return Rate(here, min(low, here - reach), max(high, here + reach))

    def between(self, contrast: Matrix) -> tuple[float, float]:
        """What the drawn ballots give."""
        tail = (1 - self.confidence) / 2
        low, high = np.quantile(self.drawn @ contrast, (tail, 1 - tail))
        return float(low), float(high)

    def strength(self, one: int) -> Rate:
        """Around the mean of all: nothing else can be known of it."""
        contrast = np.eye(len(self.best))[one]
        contrast[: self.models] -= 1 / self.models
        return self.value(contrast)

    def chance(self, one: int, other: int) -> Rate:
        """Chance alone is judged by the likelihood here: where one side nearly always wins,
        the curvature at the solution says that nothing is known."""
        alone = np.eye(len(self.best))
        lead = alone[one] - alone[other]
        low, high = self.between(lead)
        low, high = min(low, self.edge(lead, -1)), max(high, self.edge(lead, 1))
        here = float(lead @ self.best)
        return Rate(*(1 / (1 + exp(-each)) for each in (here, low, high)))

    def edge(self, contrast: Matrix, side: int) -> float:
        """How far a sum of coefficients may lie to one side, until even the best of all
        others that go with it lose too much of the likelihood."""
        here, drop = float(contrast @ self.best), self.z**2 / 2
        near, far = 0.0, 1.0
        while far < FARTHEST and self.lost(contrast, here + side * far) < drop:
            near, far = far, 2 * far
        while far - near > 0.001:
            middle = (near + far) / 2
            is_near = self.lost(contrast, here + side * middle) < drop
            near, far = (middle, far) if is_near else (near, middle)
        return here + side * far

    def lost(self, contrast: Matrix, value: float) -> float:
        """Of the likelihood, where the sum is held at a value and all else fits itself."""
        found = self.best + contrast * (value - contrast @ self.best) / (
            contrast @ contrast
        )
        facts = self.design, self.shares, np.ones(len(self.shares)), self.prior
        for _ in range(STEPS):
            chances = 1 / (1 + np.exp(-self.design @ found))
            slope = self.design.T @ (self.shares - chances) - self.prior * found
            bend = _bend(self.design, facts[2], self.prior, found)
            # Along the contrast nothing may move: the last row and column say so.
            held = np.block(
                [[bend, contrast[:, None]], [contrast[None, :], np.zeros((1, 1))]]
            )
            step = np.linalg.solve(held, np.append(slope, 0.0))[:-1]
            largest = float(np.abs(step).max())
            found = found + step * min(1.0, LARGEST_STEP / max(largest, CLOSE))
            if largest < 1e-6:
                break
        return _likelihood(*facts, self.best) - _likelihood(*facts, found)

    def covariates(self) -> dict[str, Rate]:
        alone = np.eye(len(self.best))[self.models :]
        return {name: self.value(row) for name, row in zip(COVARIATES, alone, strict=True)}


def _design(met: Sequence[Met], names: Sequence[str]) -> tuple[Matrix, Matrix]:
    at = {name: index for index, name in enumerate(names)}
    design = np.zeros((len(met), len(names) + len(COVARIATES)))
    for row, one in zip(design, met, strict=True):
        row[at[one.first]], row[at[one.second]] = 1, -1
        row[len(names) :] = (
            _doublings(*one.lengths),
            # Half a step either way: what is shown first gains this much over the other.
            0.5 if one.first_shown < one.second_shown else -0.5,
            log1p(one.marks[0]) - log1p(one.marks[1]),
        )
    return design, np.array([one.share for one in met])


def _doublings(mine: int, theirs: int) -> float:
    """How often the one is twice as long as the other, at most three times."""
    found = float(np.log2((mine + 1) / (theirs + 1)))
    return max(-3.0, min(3.0, found))


def _newton(
    design: Matrix,
    shares: Matrix,
    weights: Matrix,
    prior: Matrix,
    start: Matrix,
    steps: int,
) -> Matrix:
    """The highest point of a strictly concave function; a step too far is halved."""
    found = start.copy()
    value = _likelihood(design, shares, weights, prior, found)
    for _ in range(steps):
        chances = 1 / (1 + np.exp(-design @ found))
        slope = design.T @ (weights * (shares - chances)) - prior * found
        if np.abs(slope).max(initial=0.0) < CLOSE:
            break
        step, size = np.linalg.solve(_bend(design, weights, prior, found), slope), 1.0
        while size > CLOSE:
            trial = found + size * step
            reached = _likelihood(design, shares, weights, prior, trial)
            if reached >= value:
                break
            size /= 2
        else:
            break
        found, value = trial, reached
    return found


def _bend(design: Matrix, weights: Matrix, prior: Matrix, found: Matrix) -> Matrix:
    chances = 1 / (1 + np.exp(-design @ found))
    spread = weights * chances * (1 - chances)
    return np.asarray(design.T @ (design * spread[:, None]) + np.diag(prior))


def _likelihood(
    design: Matrix, shares: Matrix, weights: Matrix, prior: Matrix, found: Matrix
) -> float:
    lead = design @ found
    gained = shares * -np.logaddexp(0, -lead) + (1 - shares) * -np.logaddexp(0, lead)
    return float((weights * gained).sum() - (prior * found**2).sum() / 2)


def _weights(met: Sequence[Met]) -> list[Matrix]:
    """How often each comparison counts where people and prompts are drawn anew."""
    people = np.unique([one.person for one in met], return_inverse=True)[1]
    prompts = np.unique([one.prompt for one in met], return_inverse=True)[1]
    dice = np.random.default_rng(0)
    return [_counts(dice, people) * _counts(dice, prompts) for _ in range(RESAMPLES)]


def _counts(dice: np.random.Generator, of: npt.NDArray[np.intp]) -> Matrix:
    """One alone cannot be drawn otherwise, and so tells nothing of how others differ."""
    many = int(of.max()) + 1
    drawn = np.bincount(dice.integers(many, size=many), minlength=many)
    return drawn[of].astype(np.float64)


def _share(met: Sequence[Met], wins: Matrix, confidence: float) -> Rate:
    """Raw wins. Its interval is drawn from a share that has one win and one loss more, so
    that three wins of three are not sure."""
    drawn = []
    for weights in _weights(met):
        total = weights.sum()
        drawn.append((weights @ wins + 1) / (total + 2))
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, (tail, 1 - tail))
    spread = _chance_alone(len({one.ballot for one in met}), float(wins.mean()), confidence)
    share = float(wins.mean())
    return Rate(
        share, min(float(low), spread[0], share), max(float(high), spread[1], share)
    )


def _chance_alone(count: int, share: float, confidence: float) -> tuple[float, float]:
    """Wilson's interval of so many ballots: never less than chance alone would give."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    middle = share + z * z / (2 * count)
    reach = z * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5
    whole = 1 + z * z / count
    return max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole)
