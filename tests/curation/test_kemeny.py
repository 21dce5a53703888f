"""The exact order, against all orders tried one by one."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.aggregate.kemeny import AT_MOST, kemeny
from curation.aggregate.rankings import margins

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
BALLOTS = st.lists(
    st.dictionaries(st.integers(1, 5), st.integers(1, 4), min_size=2, max_size=5),
    max_size=6,
)


def ordered(*answers):
    return {answer: place for place, answer in enumerate(answers, 1)}


def best_orders(ballots):
    """Every order that the fewest votes contradict, by trying all."""
    answers = sorted({answer for one in ballots for answer in one})
    wide = margins(ballots)
    costs = {
        order: sum(max(0, wide.get((b, a), 0)) for a, b in combinations(order, 2))
        for order in permutations(answers)
    }
    return [order for order, cost in costs.items() if cost == min(costs.values())]


def flat(order):
    return [answer for group in order for answer in group]


@PATIENTLY
@given(BALLOTS)
def test_it_says_exactly_what_all_best_orders_share(ballots):
    orders = best_orders(ballots)
    always = {
        (a, b)
        for a, b in permutations({answer for one in ballots for answer in one}, 2)
        if all(order.index(a) < order.index(b) for order in orders)
    }
    found = kemeny(ballots)
    place = {answer: at for at, group in enumerate(found) for answer in group}

    assert all(place[a] < place[b] for a, b in always)
    assert sorted(place) == sorted({answer for one in ballots for answer in one})
    if len(orders) == 1:
        assert found == [[answer] for answer in orders[0]]


@PATIENTLY
@given(BALLOTS, st.permutations(range(1, 6)))
def test_it_does_not_depend_on_the_answers_numbers(ballots, renamed):
    new = dict(zip(range(1, 6), renamed, strict=True))
    there = [{new[answer]: place for answer, place in one.items()} for one in ballots]

    order = [{new[answer] for answer in group} for group in kemeny(ballots)]

    assert order == [set(group) for group in kemeny(there)]


@PATIENTLY
@given(BALLOTS, st.data())
def test_a_weight_of_two_is_the_ballot_twice(ballots, data):
    counts = [data.draw(st.integers(1, 3)) for _ in ballots]
    repeated = [one for one, n in zip(ballots, counts, strict=True) for _ in range(n)]

    assert kemeny(ballots, counts) == kemeny(repeated)


@PATIENTLY
@given(st.lists(st.permutations([1, 2, 3, 4]), min_size=1, max_size=5))
def test_turning_every_ballot_round_turns_the_best_orders_round(orders):
    there = best_orders([ordered(*one) for one in orders])
    back = kemeny([ordered(*reversed(one)) for one in orders])

    if len(there) == 1:
        assert flat(back) == list(reversed(there[0]))


def test_a_circle_is_a_tie_and_its_winner_stays_first():
    circle = [ordered(9, 1, 2, 3), ordered(9, 2, 3, 1), ordered(9, 3, 1, 2)]

    assert kemeny(circle) == [[9], [1, 2, 3]]


def test_it_takes_as_many_answers_as_it_says():
    most = ordered(*range(AT_MOST))

    assert kemeny([most]) == [[answer] for answer in range(AT_MOST)]
    with pytest.raises(ValueError, match="an exact order is for 8"):
        kemeny([ordered(*range(AT_MOST + 1))])


def test_nothing_gives_nothing():
    assert kemeny([]) == []
