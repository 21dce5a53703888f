"""Ballots that weigh more or less than one."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.aggregate.rankings import margins, places, ranked_pairs

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
BALLOT = st.dictionaries(st.integers(1, 6), st.integers(1, 4), min_size=2, max_size=6)
WEIGHED = st.lists(st.tuples(BALLOT, st.sampled_from([0.05, 0.5, 1, 2.3, 4])), max_size=6)
WHOLE = st.lists(
    st.tuples(st.permutations([1, 2, 3, 4, 5]), st.sampled_from([0.1, 0.7, 1, 3])),
    min_size=1,
    max_size=7,
)


def split(weighed):
    return [ballot for ballot, _ in weighed], [weight for _, weight in weighed]


def ordered(*answers):
    return {answer: place for place, answer in enumerate(answers, 1)}


@PATIENTLY
@given(st.lists(BALLOT, max_size=6))
def test_with_weights_of_one_nothing_changes(ballots):
    ones = [1.0] * len(ballots)

    assert ranked_pairs(ballots, ones) == ranked_pairs(ballots)
    assert margins(ballots, ones) == margins(ballots)
    assert all(isinstance(n, int) for n in margins(ballots, ones).values())


@PATIENTLY
@given(st.lists(BALLOT, max_size=5), st.data())
def test_a_weight_of_two_is_the_ballot_twice(ballots, data):
    counts = [data.draw(st.integers(1, 3)) for _ in ballots]
    repeated = [ballot for ballot, n in zip(ballots, counts, strict=True) for _ in range(n)]

    assert ranked_pairs(ballots, counts) == ranked_pairs(repeated)
    assert margins(ballots, counts) == margins(repeated)


@PATIENTLY
@given(WEIGHED, st.permutations(range(1, 7)))
def test_the_order_does_not_depend_on_the_answers_numbers(weighed, renamed):
    new = dict(zip(range(1, 7), renamed, strict=True))
    ballots, weights = split(weighed)
    there = [{new[answer]: place for answer, place in one.items()} for one in ballots]

    order = [{new[answer] for answer in group} for group in ranked_pairs(ballots, weights)]

    assert order == [set(group) for group in ranked_pairs(there, weights)]


@PATIENTLY
@given(WEIGHED, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_who_came_first(weighed, random):
    shuffled = random.sample(weighed, len(weighed))

    assert ranked_pairs(*split(weighed)) == ranked_pairs(*split(shuffled))


@PATIENTLY
@given(st.permutations([1, 2, 3, 4, 5]), st.lists(st.floats(0.001, 9), min_size=1))
def test_one_voice_gives_its_order_whatever_it_weighs(order, weights):
    ballots = [ordered(*order)] * len(weights)

    assert ranked_pairs(ballots, weights) == [[answer] for answer in order]


@PATIENTLY
@given(WHOLE)
def test_turning_every_ballot_round_turns_the_margins_round(weighed):
    orders, weights = split(weighed)

    there = margins([ordered(*one) for one in orders], weights)
    back = margins([ordered(*reversed(one)) for one in orders], weights)

    assert back == {pair: -n for pair, n in there.items()}


@PATIENTLY
@given(WHOLE)
def test_turning_every_ballot_round_turns_a_strict_order_round(weighed):
    orders, weights = split(weighed)
    order = ranked_pairs([ordered(*one) for one in orders], weights)
    back = ranked_pairs([ordered(*reversed(one)) for one in orders], weights)

    # A tie is no order of its own to turn: answers above it may count differently below.
    if all(len(group) == 1 for group in order):
        assert back == order[::-1]


def test_one_heavy_ballot_outweighs_two_light_ones():
    ballots = [ordered(1, 2), ordered(2, 1), ordered(2, 1)]

    assert ranked_pairs(ballots, [1.5, 0.7, 0.7]) == [[1], [2]]
    assert margins(ballots, [1.5, 0.7, 0.7])[1, 2] == 0.1


def test_equal_sums_are_a_tie_whatever_floats_say():
    # 0.1 + 0.2 > 0.3 in floats.
    ballots = [ordered(1, 2), ordered(1, 2), ordered(2, 1)]

    assert ranked_pairs(ballots, [0.1, 0.2, 0.3]) == [[1, 2]]


def test_a_ballot_that_weighs_nothing_still_names_its_answers():
    assert ranked_pairs([ordered(1, 2), ordered(3, 4)], [1, 0]) == [[1, 3, 4], [2]]


def test_no_ballot_counts_against_itself():
    with pytest.raises(ValueError, match="less than nothing"):
        ranked_pairs([ordered(1, 2)], [-1])


def test_every_ballot_has_a_weight():
    with pytest.raises(ValueError, match="shorter"):
        ranked_pairs([ordered(1, 2), ordered(1, 2)], [1])


def test_an_order_read_as_a_ballot_gives_that_order():
    assert places([[3], [1, 2]]) == {3: 1, 1: 2, 2: 2}
    assert ranked_pairs([places([[3], [1, 2]])]) == [[3], [1, 2]]
