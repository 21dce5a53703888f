"""Kendall's W, and what follows from it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmarks import raters
from curation.aggregate.concordance import concordance
from curation.aggregate.consensus import status, tallies

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
PARTIAL = st.lists(
    st.dictionaries(st.integers(1, 6), st.integers(1, 4), min_size=1, max_size=6),
    max_size=6,
)
TIED = st.lists(
    st.lists(st.integers(1, 4), min_size=4, max_size=4).filter(lambda x: len(set(x)) > 1),
    min_size=3,
    max_size=8,
)


def ordered(*answers):
    return {answer: place for place, answer in enumerate(answers, 1)}


def kendall_w(ballots, weights=None):
    found = concordance(ballots, weights)
    return found and found.w


@PATIENTLY
@given(TIED)
def test_on_whole_ballots_with_ties_it_is_the_textbooks(rows):
    ballots = [dict(enumerate(row)) for row in rows]
    # Friedman's chi-square is W times ballots times answers less one, ties corrected too.
    chi_square = stats.friedmanchisquare(*np.array(rows).T).statistic

    assert kendall_w(ballots) == pytest.approx(chi_square / (len(rows) * 3))


@PATIENTLY
@given(st.lists(st.permutations(range(5)), min_size=2, max_size=6))
def test_the_correlation_is_the_mean_of_spearmans(orders):
    found = concordance([ordered(*order) for order in orders])
    ranks = [np.argsort(order) for order in orders]
    each = [
        stats.spearmanr(ranks[i], ranks[j]).statistic
        for i in range(len(ranks))
        for j in range(i)
    ]

    assert found.correlation == pytest.approx(np.mean(each))


@PATIENTLY
@given(PARTIAL)
def test_it_stays_between_nothing_and_all(ballots):
    w = kendall_w(ballots)

    assert w is None or 0 <= w <= 1 + 1e-9


@PATIENTLY
@given(st.permutations(range(6)), st.lists(st.sets(st.integers(0, 5)), max_size=6))
def test_parts_of_one_order_agree_fully(order, parts):
    ballots = [
        {answer: order.index(answer) + 1 for answer in part if answer in order}
        for part in parts
    ]
    assert kendall_w(ballots) in (None, pytest.approx(1))


def test_opposed_ballots_have_none():
    assert kendall_w([ordered(1, 2, 3), ordered(3, 2, 1)]) == 0


def test_a_ballot_that_nobody_can_be_compared_with_is_left_out():
    same = [ordered(1, 2, 3)] * 2
    found = concordance([*same, ordered(7, 8)])

    assert (found.w, found.ballots) == (1, 2)


@pytest.mark.parametrize(
    "ballots", [[], [ordered(1, 2)], [ordered(1, 2), ordered(3, 4)], [{1: 1, 2: 1}] * 2]
)
def test_without_two_orders_of_the_same_it_is_undefined(ballots):
    assert kendall_w(ballots) is None


@PATIENTLY
@given(PARTIAL, st.sampled_from([0.05, 1.0, 2.5]))
def test_equal_weights_change_nothing(ballots, weight):
    assert concordance(ballots, [weight] * len(ballots)) == pytest.approx(
        concordance(ballots)
    )


def test_who_weighs_little_hides_little():
    agreed, stray = [ordered(1, 2, 3)] * 2, ordered(3, 2, 1)

    assert kendall_w([*agreed, stray], [2, 2, 0.1]) > 2 * kendall_w([*agreed, stray])
    assert status([*agreed, stray], 3) == "contested"
    assert status([*agreed, stray], 3, [2, 2, 0.1]) == "consensus"


def test_more_ballots_tell_better_where_people_see_it_differently(monkeypatch):
    random = np.random.default_rng(1)
    crowd = raters.people(random, 200, 0.5)
    found = {}
    for count in (3, 9):
        monkeypatch.setattr(raters, "BALLOTS", (count,))
        asked = raters.items(random, crowd, 600, 0.5)
        correlations = [concordance(i.ballots.values()).correlation for i in asked]
        split = [c for c, i in zip(correlations, asked, strict=True) if i.is_polarised]
        clear = [c for c, i in zip(correlations, asked, strict=True) if not i.is_polarised]
        lower = stats.mannwhitneyu(clear, split).statistic
        found[count] = lower / len(clear) / len(split)

    assert found[9] > 0.8 > found[3] > 0.6


@pytest.mark.parametrize(
    ("ballots", "wanted", "expected"),
    [
        ([], 1, "insufficient"),
        ([ordered(1, 2)] * 2, 3, "insufficient"),
        ([ordered(1, 2)] * 3, 3, "consensus"),
        ([ordered(1, 2), ordered(1, 2), ordered(2, 1)], 3, "contested"),
        ([ordered(1, 2)] * 4 + [ordered(2, 1)], 5, "consensus"),
        ([ordered(1, 2)] * 3 + [ordered(2, 1)] * 2, 5, "contested"),
        ([ordered(1, 2)] * 7 + [ordered(2, 1)] * 2, 9, "consensus"),
        ([ordered(1, 2)] * 6 + [ordered(2, 1)] * 3, 9, "contested"),
        ([ordered(1, 2, 3), ordered(1, 3, 2)], 2, "consensus"),
        ([ordered(1, 2, 3), ordered(3, 1, 2)], 2, "contested"),
        ([ordered(1, 2)], 1, "consensus"),  # no more were wanted
        ([{1: 1, 2: 1}] * 3, 3, "consensus"),  # all say that they are equal
        ([ordered(1, 2), ordered(3, 4)], 2, "insufficient"),  # nothing to compare
    ],
)
def test_the_status_of_a_prompt(ballots, wanted, expected):
    assert status(ballots, wanted) == expected


def test_a_tally_keeps_all_three_sides_of_a_pair():
    found = tallies([ordered(1, 2), ordered(2, 1), {1: 1, 2: 1}, ordered(1, 2)])

    assert found == {(1, 2): (2, 1, 1)}
    assert found[1, 2].share == pytest.approx(2.5 / 4)


def test_tallies_are_weighed():
    found = tallies([ordered(1, 2), ordered(2, 1)], [2.5, 0.5])

    assert found[1, 2] == (2.5, 0.5, 0)
