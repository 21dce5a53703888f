"""How much another ballot would narrow what the ballots add up to. Answers in, numbers out.

Each pair of answers has a share of people who prefer the first. What is known of it is a
Beta distribution that starts flat; a tie is half a vote for either side. One more vote
shrinks its variance v, on average, by v / (n + 3) after n votes: most where few have
voted, or where they disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from curation.aggregate.rankings import Positions

FLAT = 1 / 36  # what the first vote on a pair takes away


def narrowing(ballots: Sequence[Positions], answers: Iterable[int]) -> float:
    """Mean over all pairs, from 1 (nobody has voted) down to 0 (it is settled)."""
    gains = [_gain(ballots, a, b) for a, b in combinations(sorted(answers), 2)]
    return sum(gains) / len(gains) / FLAT if gains else 0.0


def most_open_pair(
    ballots: Sequence[Positions], answers: Iterable[int]
) -> tuple[int, int] | None:
    """The two answers whose comparison narrows most; of equals, those voted on least."""
    pairs = combinations(sorted(answers), 2)
    return max(pairs, key=lambda pair: _gain(ballots, *pair), default=None)


def _gain(ballots: Sequence[Positions], a: int, b: int) -> float:
    """Expected fall of the variance of the share that prefers a to b."""
    both = [(places[a], places[b]) for places in ballots if a in places and b in places]
    first = 1 + sum((x < y) + (x == y) / 2 for x, y in both)
    total = len(both) + 2
    variance = first * (total - first) / (total**2 * (total + 1))
    return variance / (total + 1)
