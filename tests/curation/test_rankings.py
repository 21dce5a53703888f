"""From ballots to an order: no database."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.aggregate.agreement import kendall_tau_b, mean_agreement
from curation.aggregate.rankings import margins, ranked_pairs

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
BALLOTS = st.lists(
    st.dictionaries(st.integers(1, 6), st.integers(1, 4), min_size=2, max_size=6),
    max_size=6,
)


def ballot(*groups):
    """`ballot([1], [2, 3])` puts 1 first, then 2 and 3 tied."""
    return {answer: place for place, group in enumerate(groups, 1) for answer in group}


def test_one_ballot_is_the_order():
    assert ranked_pairs([ballot([3], [1], [2])]) == [[3], [1], [2]]


def test_a_tie_stays_a_tie():
    assert ranked_pairs([ballot([1, 2], [3])]) == [[1, 2], [3]]


def test_a_split_of_one_to_one_is_a_tie():
    # Open Assistant silently returned the order of the ids here.
    assert ranked_pairs([ballot([1], [2]), ballot([2], [1])]) == [[1, 2]]


def test_opposed_ballots_tie_everything():
    assert ranked_pairs([ballot([1], [2], [3]), ballot([3], [2], [1])]) == [[1, 2, 3]]


def test_a_circle_of_three_is_a_tie():
    circle = [ballot([1], [2], [3]), ballot([2], [3], [1]), ballot([3], [1], [2])]

    assert ranked_pairs(circle) == [[1, 2, 3]]


def test_a_circle_below_a_winner_leaves_the_winner_first():
    circle = [
        ballot([9], [1], [2], [3]), ballot([9], [2], [3], [1]), ballot([9], [3], [1], [2])
    ]  # fmt: skip

    assert ranked_pairs(circle) == [[9], [1, 2, 3]]


def test_of_a_circle_the_narrowest_margin_falls_out():
    ballots = [
        *[ballot([1], [2], [3])] * 4,
        *[ballot([2], [3], [1])] * 3,
        *[ballot([3], [1], [2])] * 2,
    ]

    found = margins(ballots)
    assert (found[1, 2], found[2, 3], found[3, 1]) == (3, 5, 1)
    assert ranked_pairs(ballots) == [[1], [2], [3]]


def test_ballots_on_parts_of_the_answers_add_up():
    assert ranked_pairs([ballot([1], [2]), ballot([2], [3])]) == [[1], [2], [3]]


def test_answers_that_nobody_compared_are_not_ordered():
    assert ranked_pairs([ballot([1], [2]), ballot([3], [4])]) == [[1, 3], [2, 4]]


def test_nothing_gives_nothing():
    assert ranked_pairs([]) == []
    assert margins([]) == {}


@PATIENTLY
@given(BALLOTS, st.permutations(range(1, 7)))
def test_the_order_does_not_depend_on_the_answers_numbers(ballots, renamed):
    new = dict(zip(range(1, 7), renamed, strict=True))
    there = [{new[answer]: place for answer, place in one.items()} for one in ballots]

    order = [{new[answer] for answer in group} for group in ranked_pairs(ballots)]

    assert order == [set(group) for group in ranked_pairs(there)]


@PATIENTLY
@given(BALLOTS)
def test_every_answer_on_a_ballot_is_in_the_order_once(ballots):
    placed = [answer for group in ranked_pairs(ballots) for answer in group]

    assert sorted(placed) == sorted({answer for one in ballots for answer in one})


@pytest.mark.parametrize(
    ("a", "b", "tau"),
    [
        (ballot([1], [2], [3]), ballot([1], [2], [3]), 1),
        (ballot([1], [2], [3]), ballot([3], [2], [1]), -1),
        (ballot([1], [2], [3]), ballot([1], [3], [2]), pytest.approx(1 / 3)),
        # Textbook tau-b: one pair tied on one side, 2 / sqrt(2 * 3)
        (ballot([1], [2, 3]), ballot([1], [2], [3]), pytest.approx(2 / 6**0.5)),
        (ballot([1, 2, 3]), ballot([1], [2], [3]), None),  # ties everything: says nothing
        (ballot([1], [2]), ballot([2], [3]), None),  # one answer in common
    ],
)
def test_rank_correlation(a, b, tau):
    assert kendall_tau_b(a, b) == tau
    assert kendall_tau_b(b, a) == tau


def test_agreement_is_the_mean_over_comparable_pairs():
    same, opposed, empty = ballot([1], [2]), ballot([2], [1]), ballot([1, 2])

    assert mean_agreement([same, same, opposed]) == pytest.approx(-1 / 3)
    assert mean_agreement([same, empty]) is None
    assert mean_agreement([same]) is None


def test_a_ballot_on_some_answers_weighs_as_many_pairs_as_it_compares():
    whole, other_way = ballot([1], [2], [3]), ballot([1], [3], [2])
    two = ballot([2], [3])

    # Three pairs at 1/3, one at 1, one at -1: and those who share one answer say nothing.
    assert mean_agreement([whole, other_way, two]) == pytest.approx(1 / 5)
    assert mean_agreement([whole, two, ballot([1], [4])]) == 1


@PATIENTLY
@given(BALLOTS)
def test_agreement_stays_in_its_range(ballots):
    agreement = mean_agreement(ballots)

    assert agreement is None or -1 - 1e-9 <= agreement <= 1 + 1e-9
