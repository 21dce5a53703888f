"""From ballots to one order: Tideman's ranked pairs, with ties and partial ballots.

Source: T. N. Tideman, "Independence of clones as a criterion for voting rules" (1987).
A pair that nobody compared, or that splits evenly, stays a tie: no order is invented.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

Positions = Mapping[int, int]  # answer -> position on one ballot, 1 best, equal is a tie
Margins = dict[tuple[int, int], int]


def margins(ballots: Iterable[Positions]) -> Margins:
    """How many more ballots put a before b, for each pair somebody compared: (a, b) -> n.

    Both directions are there, with opposite signs.
    """
    found: Margins = defaultdict(int)
    for positions in ballots:
        for a, place_a in positions.items():
            for b, place_b in positions.items():
                if a != b:
                    found[a, b] += (place_a < place_b) - (place_a > place_b)
    return dict(found)


def ranked_pairs(ballots: Iterable[Positions]) -> list[list[int]]:
    """Groups of answers, best first; answers in one group are tied.

    Pairs are locked from the widest margin down. Pairs of equal margin are locked
    together or, where one of them would close a circle, left out together, so that the
    result does not depend on the answers' numbers.
    """
    ballots = list(ballots)
    answers = sorted({answer for positions in ballots for answer in positions})
    by_width: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for pair, width in margins(ballots).items():
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
    return _layers(answers, beats)


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


def _layers(answers: list[int], beats: Mapping[int, set[int]]) -> list[list[int]]:
    """Order by how many answers stand above each: equal count, equal place."""
    above = dict.fromkeys(answers, 0)
    for winner in answers:
        for loser in _reached(beats, winner):
            above[loser] += 1
    groups: dict[int, list[int]] = defaultdict(list)
    for answer in answers:
        groups[above[answer]].append(answer)
    return [groups[count] for count in sorted(groups)]
