"""The order that contradicts the ballots least: Kemeny's, exact, for few answers.

Sources: J. G. Kemeny, "Mathematics without numbers" (1959); the dynamic programme over
sets of answers is that of M. Held and R. M. Karp (1962). Its steps grow as n * 2^n.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from curation.aggregate.rankings import (
    Order,
    Positions,
    layers,
    margins_in_thousandths,
)

AT_MOST = 8  # answers: 1,024 steps; each further one more than doubles them

Costs = Sequence[Sequence[int]]  # [a][b]: what it costs to put a before b, thousandths


def kemeny(ballots: Iterable[Positions], weights: Iterable[float] | None = None) -> Order:
    """Groups of answers, best first: a stands above b where it does in every best order.

    Several orders may contradict the ballots equally little. What they differ in is a tie.
    """
    ballots = list(ballots)
    answers = sorted({answer for positions in ballots for answer in positions})
    if len(answers) > AT_MOST:
        raise ValueError(f"{len(answers)} answers: an exact order is for {AT_MOST}")
    found = margins_in_thousandths(ballots, weights)
    costs = [[max(0, found.get((b, a), 0)) for b in answers] for a in answers]
    above = _above_in_some_best_order(costs)
    beaten = {
        answer: {
            answers[b]
            for b in range(len(answers))
            if (a, b) in above and (b, a) not in above
        }
        for a, answer in enumerate(answers)
    }
    return layers(answers, beaten)


def _above_in_some_best_order(costs: Costs) -> set[tuple[int, int]]:
    """Pairs of which the first is above the second in at least one best order.

    Sets of answers are bits of an index. One pass says what the best order of each set
    costs, one from the end what is still to pay behind it.
    """
    everything = (1 << len(costs)) - 1
    paid, due = [0] * (everything + 1), [0] * (everything + 1)
    for chosen in range(1, everything + 1):
        rests = [(chosen & ~(1 << last), last) for last in _members(chosen)]
        paid[chosen] = min(paid[rest] + _step(costs, rest, last) for rest, last in rests)
    above: set[tuple[int, int]] = set()
    for chosen in reversed(range(everything)):
        ways = {
            following: _step(costs, chosen, following) + due[chosen | 1 << following]
            for following in _members(everything & ~chosen)
        }
        due[chosen] = min(ways.values())
        for following, cost in ways.items():
            if paid[chosen] + cost == paid[everything]:
                above |= {(earlier, following) for earlier in _members(chosen)}
    return above


def _step(costs: Costs, chosen: int, following: int) -> int:
    return sum(costs[earlier][following] for earlier in _members(chosen))


def _members(chosen: int) -> list[int]:
    return [at for at in range(chosen.bit_length()) if chosen >> at & 1]
