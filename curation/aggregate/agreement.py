"""How far people agree. Ballots in, one number out."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from math import comb, sqrt

from curation.aggregate.rankings import Positions


def kendall_tau_b(a: Positions, b: Positions) -> float | None:
    """Rank correlation of two ballots over what both placed, -1 to 1; ties count half.

    None where they share fewer than two answers or one of them tied everything.
    Source: M. G. Kendall, "The treatment of ties in ranking problems" (1945).
    """
    shared = sorted(a.keys() & b.keys())
    score = apart_a = apart_b = 0
    for x, y in combinations(shared, 2):
        sign_a = (a[x] > a[y]) - (a[x] < a[y])
        sign_b = (b[x] > b[y]) - (b[x] < b[y])
        score += sign_a * sign_b
        apart_a += sign_a != 0
        apart_b += sign_b != 0
    if not apart_a or not apart_b:
        return None
    return score / sqrt(apart_a * apart_b)


def mean_agreement(ballots: Iterable[Positions]) -> float | None:
    """The mean over all pairs of ballots that can be compared; None without one.

    Two ballots count as often as there are pairs of answers that both placed: a comparison
    of two answers says less of the whole order than a ballot on all of them.
    """
    return mean_rank_correlation([ballots])


def mean_rank_correlation(prompts: Iterable[Iterable[Positions]]) -> float | None:
    """The same over many prompts: ballots are compared with those on the same prompt."""
    return _mean(pair for ballots in prompts for pair in combinations(list(ballots), 2))


def agreement_with(
    pairs: Iterable[tuple[Positions, Iterable[Positions]]],
) -> float | None:
    """How far one person's ballots agree with those of others on the same prompts.

    To be looked at, for instance by reviewer; never to judge or weigh anybody: an honest
    minority agrees less with its peers than the careless do. See `reputation`.
    """
    return _mean((own, other) for own, others in pairs for other in others)


def _mean(pairs: Iterable[tuple[Positions, Positions]]) -> float | None:
    total = weight = 0.0
    for a, b in pairs:
        tau = kendall_tau_b(a, b)
        if tau is not None:
            shared = comb(len(a.keys() & b.keys()), 2)
            total += shared * tau
            weight += shared
    return total / weight if weight else None
