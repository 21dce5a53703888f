"""Bradley and Terry's model, against choix and crowd-kit."""

from __future__ import annotations

from itertools import combinations

import choix
import pandas
import pytest
from crowdkit.aggregation.pairwise.bradley_terry import BradleyTerry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.aggregate.strengths import PRIOR, bradley_terry, chance_before

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
BALLOTS = st.lists(
    st.dictionaries(st.integers(0, 4), st.integers(1, 4), min_size=2, max_size=5),
    max_size=6,
)
ORDERS = st.lists(st.permutations(range(5)), min_size=1, max_size=8)
# Nobody always wins or loses here: the model has a solution without a prior too.
MIXED = [(0, 1, 2, 3), (1, 0, 3, 2), (3, 0, 1, 2), (2, 3, 0, 1), (0, 2, 1, 3)]
ORDERED = [*MIXED, (0, 1, 2, 3), (0, 1, 2, 3)]


def ordered(*answers):
    return {answer: place for place, answer in enumerate(answers, 1)}


def pairs(orders):
    return [pair for order in orders for pair in combinations(order, 2)]


@PATIENTLY
@given(ORDERS)
def test_it_is_what_choix_finds_with_the_same_prior(orders):
    ours = bradley_terry([ordered(*order) for order in orders])
    theirs = choix.opt_pairwise(5, pairs(orders), alpha=PRIOR / 2, tol=1e-9)

    assert [ours[a] for a in range(5)] == pytest.approx(theirs, abs=1e-4)


def test_without_much_of_a_prior_it_is_what_choix_finds_without_one():
    ours = bradley_terry([ordered(*order) for order in MIXED], prior=1e-9)
    theirs = choix.mm_pairwise(4, pairs(MIXED), tol=1e-12)

    assert [ours[a] for a in range(4)] == pytest.approx(theirs, abs=1e-5)


def test_crowd_kit_puts_the_answers_in_the_same_order():
    # Its numbers are no measure: 1.4.2 stops after the second round, whatever is asked.
    ours = bradley_terry([ordered(*order) for order in ORDERED])
    rows = [(0, a, b, a) for a, b in pairs(ORDERED)]
    frame = pandas.DataFrame(rows, columns=["worker", "left", "right", "label"])
    theirs = BradleyTerry(n_iter=100).fit_predict(frame)

    assert sorted(ours, key=ours.get) == sorted(ours, key=theirs.get)


@PATIENTLY
@given(BALLOTS)
def test_it_always_has_a_solution_around_zero(ballots):
    strengths = bradley_terry(ballots)

    assert sum(strengths.values()) == pytest.approx(0, abs=1e-6)
    assert strengths.keys() == {answer for one in ballots for answer in one}


@PATIENTLY
@given(BALLOTS)
def test_turned_ballots_give_turned_strengths(ballots):
    turned = [{answer: -place for answer, place in one.items()} for one in ballots]
    there, back = bradley_terry(ballots), bradley_terry(turned)

    assert [-back[a] for a in there] == pytest.approx(list(there.values()), abs=1e-6)


@PATIENTLY
@given(BALLOTS, st.data())
def test_a_weight_of_two_is_the_ballot_twice(ballots, data):
    counts = [data.draw(st.integers(1, 3)) for _ in ballots]
    repeated = [one for one, n in zip(ballots, counts, strict=True) for _ in range(n)]

    weighed = bradley_terry(ballots, counts)

    assert weighed == pytest.approx(bradley_terry(repeated), abs=1e-6)


def test_who_always_won_is_strong_but_not_without_end():
    strengths = bradley_terry([ordered(1, 2, 3)] * 50)

    assert 20 > strengths[1] > strengths[2] > strengths[3]


def test_answers_that_nobody_compared_are_equal():
    strengths = bradley_terry([{1: 1, 2: 2}, {3: 1, 4: 2}])

    assert strengths[1] == pytest.approx(strengths[3])
    assert chance_before(strengths, 1, 3) == pytest.approx(0.5)
    assert chance_before(strengths, 1, 2) > 0.5 > chance_before(strengths, 2, 1)


def test_ties_leave_answers_equal():
    assert bradley_terry([{1: 1, 2: 1}]) == pytest.approx({1: 0, 2: 0})
    assert bradley_terry([]) == {}
