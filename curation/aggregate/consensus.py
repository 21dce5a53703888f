"""What the ballots on a prompt say of each pair of answers, and whether they agree.

Disagreement is kept: tallies are soft labels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

from curation.aggregate.concordance import Concordance, concordance
from curation.aggregate.rankings import THOUSANDTHS, Positions, weighed

Status = Literal["consensus", "contested", "insufficient"]

# Mean rank correlation (Spearman's) of two ballots from which a prompt counts as agreed on.
# On two answers it is what four of five who agree have. A higher one calls more prompts
# contested the more ballots they get, for people are no better than they are: with 0.5, and
# the people of benchmarks/raters.py, 54% of clear items at 3 ballots and 77% at 9; with 0.2
# 50% and 35%, and weighted by skill 32% and 21%, while at 9 ballots 88% of those are found
# that half of the people see the other way round.
CONSENSUS_FROM = 0.2
# And from which a person may be measured against it: what is plain to nearly everybody.
HIGH_CONSENSUS_FROM = 0.7


class Tally(NamedTuple):
    """Of a pair, in ballots: how many put the first before, after, or beside the second."""

    before: float
    after: float
    beside: float

    @property
    def share(self) -> float:
        """Of all who compared them, who prefer the first; a tie is half. 0 to 1."""
        total = self.before + self.after + self.beside
        return (self.before + self.beside / 2) / total if total else 0.5


def status(
    ballots: Iterable[Positions], wanted: int, weights: Iterable[float] | None = None
) -> Status:
    """Whether `wanted` ballots are in, and whether they agree.

    A contested prompt asks for more ballots, see `demand`. Where nothing can be compared,
    one ballot is enough if no more were wanted, and ballots that all tie everything agree.
    """
    ballots = list(ballots)
    return status_of(ballots, wanted, concordance(ballots, weights))


def status_of(
    ballots: Sequence[Positions], wanted: int, found: Concordance | None
) -> Status:
    """The same where their concordance is known already."""
    if len(ballots) < wanted or not ballots:
        return "insufficient"
    if found is not None:
        return "consensus" if found.correlation >= CONSENSUS_FROM else "contested"
    is_shared = any(len(a.keys() & b.keys()) > 1 for a, b in combinations(ballots, 2))
    return "consensus" if is_shared or len(ballots) == 1 else "insufficient"


def tallies(
    ballots: Iterable[Positions], weights: Iterable[float] | None = None
) -> dict[tuple[int, int], Tally]:
    """For each pair somebody compared, the smaller number first."""
    found: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for positions, weight in weighed(ballots, weights):
        for a, b in combinations(sorted(positions), 2):
            side = (positions[a] > positions[b]) + 2 * (positions[a] == positions[b])
            found[a, b][side] += weight
    return {
        pair: Tally(*(count / THOUSANDTHS for count in counts))
        for pair, counts in found.items()
    }
