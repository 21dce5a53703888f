from __future__ import annotations

import pytest

from curation.aggregate.contests import PEOPLE, Score, scores

PERSON, OTHER, ONE, TWO = 1, 2, 11, 12
WRITERS = {PERSON: PEOPLE, OTHER: PEOPLE, ONE: "one", TWO: "two"}


def test_a_model_wins_against_people_and_other_models_separately():
    fared = scores([{ONE: 1, PERSON: 2, TWO: 3}], WRITERS)

    assert fared["one"].people == Score(1, 1)
    assert fared["one"].models == Score(1, 1)
    assert fared["two"].people == Score(0, 1)
    assert fared["two"].models == Score(0, 1)


def test_a_tie_is_half_a_win_for_either_side():
    fared = scores([{ONE: 1, TWO: 1}], WRITERS)

    assert fared["one"].models == fared["two"].models == Score(0.5, 1)


def test_every_other_answer_on_a_ballot_is_a_comparison():
    fared = scores([{PERSON: 1, ONE: 2, OTHER: 3}], WRITERS)

    assert fared["one"].people == Score(1, 2)


def test_a_model_is_not_compared_with_itself():
    fared = scores([{ONE: 1, 13: 2}], {**WRITERS, 13: "one"})

    assert fared == {}


def test_ballots_without_a_model_say_nothing():
    assert scores([{PERSON: 1, OTHER: 2}], WRITERS) == {}
    assert scores([], WRITERS) == {}


@pytest.mark.parametrize(
    ("wins", "of", "low", "high"),
    [
        # Centre and width worked out by hand from the formula.
        (14, 24, 0.3883, 0.7553),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
    ],
)
def test_the_interval_is_wilsons(wins, of, low, high):
    assert Score(wins, of).interval == pytest.approx((low, high), abs=0.0002)


def test_without_a_comparison_nothing_is_known():
    assert Score(0, 0).interval == (0.0, 1.0)
    assert Score(0, 0).share == 0.5


def test_more_comparisons_narrow_the_interval():
    def width(score):
        low, high = score.interval
        return high - low

    assert width(Score(50, 100)) < width(Score(5, 10)) < width(Score(1, 2))
