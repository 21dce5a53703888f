"""From ballots to one order: Tideman's ranked pairs, with ties and partial ballots.

Source: T. N. Tideman, "Independence of clones as a criterion for voting rules" (1987).
A pair that nobody compared, or that splits evenly, stays a tie: no order is invented.

A ballot may weigh more or less than another. Weights are in ballots: 1 is one ballot, 2 is
the same ballot twice. They are counted in whole thousandths, so that sums are exact, equal
margins are equal on every machine, and the order of the ballots does not matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import repeat

Positions = Mapping[int, int]  # answer -> position on one ballot, 1 best, equal is a tie
Order = list[list[int]]  # groups of equal answers, the best first
Margins = dict[tuple[int, int], float]

THOUSANDTHS = 1000  # the steps in which a ballot's weight is counted


def margins(
    ballots: Iterable[Positions], weights: Iterable[float] | None = None
) -> Margins:
    """How many more ballots put a before b, for each pair somebody compared: (a, b) -> n.

    Both directions are there, with opposite signs. In ballots; whole numbers are `int`.
    """
    exact = margins_in_thousandths(ballots, weights)
    return {
        pair: n // THOUSANDTHS if n % THOUSANDTHS == 0 else n / THOUSANDTHS
        for pair, n in exact.items()
    }


def margins_in_thousandths(
    ballots: Iterable[Positions], weights: Iterable[float] | None = None
) -> dict[tuple[int, int], int]:
    """The same in thousandths of a ballot: whole numbers, to be compared exactly."""
    found: dict[tuple[int, int], int] = defaultdict(int)
    for positions, weight in weighed(ballots, weights):
        for a, place_a in positions.items():
            for b, place_b in positions.items():
                if a != b:
                    found[a, b] += weight * ((place_a < place_b) - (place_a > place_b))
    return dict(found)


def weighed(
    ballots: Iterable[Positions], weights: Iterable[float] | None = None
) -> list[tuple[Positions, int]]:
    """Each ballot with its weight in thousandths; without weights all weigh the same."""
    if weights is None:
        return list(zip(ballots, repeat(THOUSANDTHS)))
    found = [
        (positions, round(weight * THOUSANDTHS))
        for positions, weight in zip(ballots, weights, strict=True)
    ]
    if any(weight < 0 for _, weight in found):
        raise ValueError("a ballot cannot weigh less than nothing")
    return found


def ranked_pairs(
    ballots: Iterable[Positions], weights: Iterable[float] | None = None
) -> Order:
    """Groups of answers, best first; answers in one group are tied.

    Pairs are locked from the widest margin down. Pairs of equal margin are locked
    together or, where one of them would close a circle, left out together, so that the
    result does not depend on the answers' numbers.
    """
    ballots = list(ballots)
    answers = sorted({answer for positions in ballots for answer in positions})
    by_width: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for pair, width in margins_in_thousandths(ballots, weights).items():
        if width > 0:
            by_width[width].append(pair)

    beats: dict[int, set[int]] = {answer: set() for answer in answers}
    for width in sorted(by_width, reverse=True):
        fits = [(a, b) for a, b in by_width[width] if a not in _reached(beats, b)]
        trial = {a: set(losers) for a, losers in beats.items()}
        for a, b in fits:
            trial[a].add(b)
        for a, b in fits:
            if a not in _reached(trial, b):
                beats[a].add(b)
    return layers(answers, {a: _reached(beats, a) for a in answers})


def _reached(beats: Mapping[int, set[int]], start: int) -> set[int]:
    """Everything that `start` is locked above, directly or through others."""
    seen: set[int] = set()
    waiting = [start]
    while waiting:
        for loser in beats[waiting.pop()]:
            if loser not in seen:
                seen.add(loser)
                waiting.append(loser)
    return seen


def layers(answers: Iterable[int], beaten: Mapping[int, set[int]]) -> Order:
    """Order by how many answers stand above each: equal count, equal place."""
    above = dict.fromkeys(answers, 0)
    for losers in beaten.values():
        for loser in losers:
            above[loser] += 1
    groups: dict[int, list[int]] = defaultdict(list)
    for answer, count in above.items():
        groups[count].append(answer)
    return [groups[count] for count in sorted(groups)]


def places(order: Iterable[Iterable[int]]) -> dict[int, int]:
    """An order as a ballot: the place of each answer, from 1."""
    return {answer: at for at, group in enumerate(order, 1) for answer in group}
