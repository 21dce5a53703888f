"""How far the ballots on one prompt agree as a whole: Kendall's W, 0 to 1.

Source: M. G. Kendall and B. Babington Smith, "The problem of m rankings" (1939), with
Kendall's correction for ties (1945). For ballots that all place the same answers this is
the textbook's number.

Ballots on parts of the answers are compared pair by pair, each pair on the answers that
both placed, ranked anew among those. Each pair counts by the squares of its ranks: a
comparison of two answers says less than one of five. W is then made from that correlation
as it is for whole ballots. A ballot that shares two answers with no other is left out.

With weights, two ballots count by the product of theirs: those who answer at random hide
less of what the careful agree on. With equal weights nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from curation.aggregate.rankings import Positions, weighed


class Concordance(NamedTuple):
    """`w` depends on the number of ballots (at random it is 1 / ballots);
    `correlation`, the mean of Spearman's over pairs of ballots, does not."""

    w: float
    correlation: float
    ballots: int


def concordance(
    ballots: Iterable[Positions], weights: Iterable[float] | None = None
) -> Concordance | None:
    """None where no two ballots share two answers, or where nobody ordered anything."""
    together = spread = 0.0
    compared: set[int] = set()
    for (i, (a, heavy)), (j, (b, other)) in combinations(
        enumerate(weighed(ballots, weights)), 2
    ):
        shared = list(a) if a.keys() == b.keys() else [x for x in a if x in b]
        if len(shared) < 2:
            continue
        compared |= {i, j}
        ranks = list(zip(_centred(a, shared), _centred(b, shared), strict=True))
        together += heavy * other * sum(x * y for x, y in ranks)
        spread += heavy * other * sum(x * x + y * y for x, y in ranks) / 2
    if not spread:
        return None
    mean, count = together / spread, len(compared)
    return Concordance(max(0.0, (1 + (count - 1) * mean) / count), mean, count)


def _centred(positions: Positions, answers: Sequence[int]) -> list[float]:
    """Ranks among these answers, ties at their mean, around 0."""
    at = [positions[answer] for answer in answers]
    return [sum((other < one) - (other > one) for other in at) / 2 for one in at]
