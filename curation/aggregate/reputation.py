"""How far a person's judgement can be relied on, and what one of their ballots weighs.

What is known of the share that somebody gets right is a Beta distribution. Its lower bound
is what may be published: it rises with evidence and not with luck. Its mean gives the
weight. Only gold and items of high consensus are evidence, see `evidence`; how far somebody
agrees with their peers is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from functools import cached_property
from math import log
from typing import NamedTuple

from curation.aggregate.beta import quantile
from curation.aggregate.evidence import Evidence

# Before any evidence, as if two of three had been right: what to expect of somebody who
# read the guideline. Three answers, so that a dozen of gold outweigh it.
PRIOR_RIGHT, PRIOR_WRONG = 2.0, 1.0
# An item on which nearly all agree, counted in gold answers. Few are wrong there, so it
# tells people apart less. All of them together never outweigh a person's gold: by clear
# items alone 21 to 37% of a careful minority fell below the careless, with gold 0 to 6%.
CONSENSUS_COUNTS = 0.5
BOUND = 0.05  # the true share is below the published number with this chance

# No word is worth nothing, and none more than that of somebody right 19 times in 20.
LEAST_WEIGHT, SUREST = 0.05, 0.95

# The part of a person's tasks that is gold: many at first, then a steady sample.
GOLD_AT_FIRST, GOLD_WHILE_NEW, GOLD_LATER = 0.25, 0.10, 0.05
NEW_UNTIL = 10  # gold answers; consensus cannot take their place
KNOWN_WIDTH = 0.35  # of the interval from BOUND to 1 - BOUND: no longer in doubt


class _Counts(NamedTuple):
    right: float = 0.0  # in gold answers
    wrong: float = 0.0
    gold: int = 0  # items
    consensus: int = 0  # items


class Reputation(_Counts):
    """What is known of one person. Without evidence it is a newcomer's."""

    @cached_property
    def mean(self) -> float:
        """The share that they are expected to get right, 0 to 1."""
        right, wrong = self.right + PRIOR_RIGHT, self.wrong + PRIOR_WRONG
        return right / (right + wrong)

    @cached_property
    def lower_bound(self) -> float:
        """The number to publish: 19 times in 20 the true share is above it."""
        return quantile(BOUND, self.right + PRIOR_RIGHT, self.wrong + PRIOR_WRONG)

    @cached_property
    def width(self) -> float:
        """Of the interval in which the share lies 9 times in 10; 0.75 for a newcomer."""
        top = quantile(1 - BOUND, self.right + PRIOR_RIGHT, self.wrong + PRIOR_WRONG)
        return top - self.lower_bound


NEWCOMER = Reputation()


def reputations(evidence: Iterable[Evidence]) -> dict[Hashable, Reputation]:
    """By rater. Who is not in it is a NEWCOMER, and so far is who has seen no gold."""
    gold: dict[Hashable, list[float]] = defaultdict(list)
    clear: dict[Hashable, list[float]] = defaultdict(list)
    for rater, right, is_gold in evidence:
        (gold if is_gold else clear)[rater].append(right)
    return {
        rater: _reputation(gold.get(rater, []), clear.get(rater, []))
        for rater in [*gold, *(rater for rater in clear if rater not in gold)]
    }


def _reputation(gold: list[float], clear: list[float]) -> Reputation:
    return from_sums(len(gold), sum(gold), len(clear), sum(clear))


def from_sums(
    gold: int, gold_right: float, consensus: int = 0, consensus_right: float = 0.0
) -> Reputation:
    """The same of evidence that was added up: items, and how much of them was right."""
    worth = min(CONSENSUS_COUNTS, gold / consensus) if consensus else 0.0
    right = gold_right + worth * consensus_right
    return Reputation(right, gold + worth * consensus - right, gold, consensus)


def weight(reputation: Reputation) -> float:
    """What one ballot or vote weighs, in newcomers' ballots: 0.05 to 4.248, thousandths.

    The log-odds of being right, which are the best weights where everybody errs on their
    own: S. Nitzan and J. Paroush, "Optimal decision rules in uncertain dichotomous choice
    situations" (1982). Who is wrong more often than right is not counted the other way
    round: their word keeps the least weight.
    """
    share = min(reputation.mean, SUREST)
    worth = _log_odds(share) / _log_odds(NEWCOMER.mean)
    return round(max(LEAST_WEIGHT, worth), 3)


def gold_share(reputation: Reputation) -> float:
    """The part of this person's next tasks that should be gold, 0 to 1.

    From a quarter down to a tenth over the first gold answers; a tenth while they are still
    in doubt; then one in twenty, for as long as they work.
    """
    if reputation.gold < NEW_UNTIL:
        part = reputation.gold / NEW_UNTIL
        return GOLD_AT_FIRST + part * (GOLD_WHILE_NEW - GOLD_AT_FIRST)
    return GOLD_WHILE_NEW if reputation.width > KNOWN_WIDTH else GOLD_LATER


def _log_odds(share: float) -> float:
    return log(share / (1 - share))
