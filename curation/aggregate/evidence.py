"""What a person's judgements show of their care: against gold, and where all agree.

Gold is an item whose answer a curator has settled. An item of high consensus is one on
which nearly all ballots agree, the person's own among them: who dissents where people
honestly differ makes the item an item without high consensus, and nothing is held against
them. Agreement with peers as such is no evidence. In a trial with 15% of honest people who
differ on 40% of the items it put 69 to 100% of the careful among them below the careless.

The price: whoever dissents most is least often measured so, and everybody looks better than
on gold. So this evidence counts for less; see `reputation.CONSENSUS_COUNTS`.

Verdicts and labels are measured by gold alone. A vote is right or wrong and never nearly
right, so among five votes an honest dissent looks as a slip does: with consensus of four in
five as evidence, and no gold, 62 to 75% of the careful minority fell below the careless.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from itertools import combinations
from typing import NamedTuple, TypeVar

from curation.aggregate.concordance import concordance
from curation.aggregate.consensus import HIGH_CONSENSUS_FROM
from curation.aggregate.rankings import Positions, places, ranked_pairs

# A consensus measures nobody where it is high only if all are unanimous: there is no way to
# be wrong. So it takes this much for one small dissent to be possible.
HIGH_CONSENSUS_BALLOTS = 4
HIGH_CONSENSUS_ANSWERS = 3

Rater = TypeVar("Rater", bound=Hashable)


class Evidence(NamedTuple):
    """How much of one item a person got right, 0 to 1, and by what it was measured."""

    rater: Hashable
    right: float
    is_gold: bool


def likeness(positions: Positions, key: Positions) -> float | None:
    """Of the pairs that the key orders, the share that the ballot orders likewise.

    A tie on the ballot is half right. None where the ballot placed no such pair.
    """
    right = asked = 0.0
    for a, b in combinations(positions.keys() & key.keys(), 2):
        wanted = (key[a] > key[b]) - (key[a] < key[b])
        if wanted:
            given = (positions[a] > positions[b]) - (positions[a] < positions[b])
            right += (1 + wanted * given) / 2
            asked += 1
    return right / asked if asked else None


def from_gold_ballot(rater: Hashable, ballot: Positions, key: Positions) -> list[Evidence]:
    """`key` is the settled order as places; equal places in it ask for nothing."""
    right = likeness(ballot, key)
    return [] if right is None else [Evidence(rater, right, is_gold=True)]


def from_ballots(ballots: Mapping[Rater, Positions]) -> list[Evidence]:
    """By rater, all on one prompt: nothing unless its consensus is high.

    Everybody is measured by what the others say together, without them. Ballots on two
    answers are left out.
    """
    long = {
        rater: ballot
        for rater, ballot in ballots.items()
        if len(ballot) >= HIGH_CONSENSUS_ANSWERS
    }
    if len(long) < HIGH_CONSENSUS_BALLOTS:
        return []
    found = concordance(long.values())
    if found is None or found.correlation < HIGH_CONSENSUS_FROM:
        return []
    return list(_measured_by_the_others(long))


def _measured_by_the_others(ballots: Mapping[Rater, Positions]) -> Iterator[Evidence]:
    for rater, own in ballots.items():
        others = [theirs for other, theirs in ballots.items() if other != rater]
        right = likeness(own, places(ranked_pairs(others)))
        if right is not None:
            yield Evidence(rater, right, is_gold=False)
