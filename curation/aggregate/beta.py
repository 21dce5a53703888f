"""The Beta distribution: what is known of a share after some rights and wrongs.

Source: W. H. Press and others, "Numerical Recipes" (2007), section 6.4: the incomplete beta
function as a continued fraction, summed by Lentz's method.
"""

from __future__ import annotations

from math import exp, lgamma, log, log1p

TERMS = 1000  # of the fraction; it needs about the root of the larger of a and b
HALVINGS = 50  # of the interval from 0 to 1: a quantile to 15 digits
EXACT = 1e-15
TINY = 1e-300


def cumulative(x: float, a: float, b: float) -> float:
    """The chance that a share of distribution Beta(a, b) is at most x."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = exp(a * log(x) + b * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b))
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast on the other side only
        return 1 - front * _fraction(1 - x, b, a) / b
    return front * _fraction(x, a, b) / a


def quantile(chance: float, a: float, b: float) -> float:
    """The share below which Beta(a, b) lies with this chance."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if cumulative(middle, a, b) < chance:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _fraction(x: float, a: float, b: float) -> float:
    upper, lower = 1.0, _away_from_0(1 - (a + b) * x / (a + 1))
    lower = value = 1 / lower
    for n in range(1, TERMS):
        even = n * (b - n) * x / ((a + 2 * n - 1) * (a + 2 * n))
        odd = -(a + n) * (a + b + n) * x / ((a + 2 * n) * (a + 2 * n + 1))
        for term in (even, odd):
            lower = 1 / _away_from_0(1 + term * lower)
            upper = _away_from_0(1 + term / upper)
            value *= lower * upper
        if abs(lower * upper - 1) < EXACT:
            break
    return value


def _away_from_0(number: float) -> float:
    return number if abs(number) > TINY else TINY
