"""Which ballot is worth most: numbers by hand, no database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.aggregate.uncertainty import most_open_pair, narrowing


def test_the_first_ballot_narrows_most():
    assert narrowing([], [1, 2, 3]) == pytest.approx(1.0)


def test_one_vote_leaves_less_to_learn():
    # After one vote the share is Beta(2, 1): variance 1/18, a quarter of it per next vote.
    assert narrowing([{1: 1, 2: 2}], [1, 2]) == pytest.approx((1 / 18 / 4) * 36)


def test_where_people_disagree_more_is_to_learn_than_where_they_agree():
    split = [{1: 1, 2: 2}, {1: 2, 2: 1}]
    agreed = [{1: 1, 2: 2}, {1: 1, 2: 2}]
    assert narrowing(split, [1, 2]) > narrowing(agreed, [1, 2])


def test_the_pair_that_people_disagree_on_is_the_open_one():
    ballots = [{1: 1, 2: 2, 3: 3}, {1: 1, 2: 3, 3: 2}]
    assert most_open_pair(ballots, [1, 2, 3]) == (2, 3)


def test_a_pair_that_nobody_compared_comes_first():
    ballots = [{1: 1, 2: 2}, {2: 1, 3: 2}]
    assert most_open_pair(ballots, [1, 2, 3]) == (1, 3)


def test_fewer_than_two_answers_are_no_pair():
    assert most_open_pair([], [7]) is None
    assert narrowing([], [7]) == 0


@given(st.lists(st.permutations([1, 2, 3, 4]), max_size=8))
def test_it_stays_between_nothing_and_the_first_vote(orders):
    ballots = [{answer: place for place, answer in enumerate(o, 1)} for o in orders]
    assert 0 < narrowing(ballots, [1, 2, 3, 4]) < 1 + 1e-9
