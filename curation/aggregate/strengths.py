"""How much better one answer is than another: Bradley and Terry's model, fitted to ballots.

A ballot counts as the pairs that it orders; a tie is half a win for either side.
Source: R. A. Bradley and M. E. Terry, "Rank analysis of incomplete block designs" (1952).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import exp

import numpy as np
import numpy.typing as npt

from curation.aggregate.rankings import THOUSANDTHS, Positions, weighed

Matrix = npt.NDArray[np.float64]

# Each strength comes from a normal distribution with this precision (1 / variance), before
# any ballot: sd 3.2. So an answer that always won has a finite strength, answers never
# compared are equal, and there is always exactly one solution.
PRIOR = 0.1
STEPS = 100  # Newton needs five to ten
CLOSE = 1e-10  # the largest slope at which a solution is one


def bradley_terry(
    ballots: Iterable[Positions],
    weights: Iterable[float] | None = None,
    *,
    prior: float = PRIOR,
) -> dict[int, float]:
    """The strength of each answer, in log-odds, around a mean of 0."""
    counted = weighed(ballots, weights)
    answers = sorted({answer for positions, _ in counted for answer in positions})
    at = {answer: index for index, answer in enumerate(answers)}
    wins = np.zeros((len(answers), len(answers)))
    for positions, weight in counted:
        for a, place_a in positions.items():
            for b, place_b in positions.items():
                if a != b:
                    share = (place_a < place_b) + (place_a == place_b) / 2
                    wins[at[a], at[b]] += share * weight / THOUSANDTHS
    return dict(zip(answers, map(float, _fitted(wins, prior)), strict=True))


def chance_before(strengths: dict[int, float], a: int, b: int) -> float:
    """How likely somebody puts a before b: a soft label for the pair, 0 to 1."""
    return 1 / (1 + exp(strengths[b] - strengths[a]))


def _fitted(wins: Matrix, prior: float) -> Matrix:
    """Newton's method on a strictly concave function; a step that overshoots is halved."""
    met = wins + wins.T
    strengths = np.zeros(len(wins))
    value = _log_likelihood(strengths, wins, prior)
    for _ in range(STEPS):
        chances = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
        slope = (wins - met * chances).sum(axis=1) - prior * strengths
        if np.abs(slope).max(initial=0.0) < CLOSE:
            break
        spread = met * chances * (1 - chances)
        bend = np.diag(spread.sum(axis=1) + prior) - spread
        step = np.linalg.solve(bend, slope)
        size = 1.0
        while size > CLOSE:
            trial = strengths + size * step
            reached = _log_likelihood(trial, wins, prior)
            if reached >= value:
                break
            size /= 2
        else:
            break  # no further in the precision of a float
        strengths, value = trial, reached
    return strengths


def _log_likelihood(strengths: Matrix, wins: Matrix, prior: float) -> float:
    lead = strengths[:, None] - strengths[None, :]
    lost = (wins * np.logaddexp(0, -lead)).sum()
    return -float(lost + prior / 2 * (strengths**2).sum())
