"""Which of several answers are shown to people."""

from __future__ import annotations

import pytest

from trainer.variety import varied

LISBON = "Lisbon is the capital of Portugal, on the river Tagus."
PORTO = "Porto is a city in the north that is known for its wine."
MADRID = "Madrid lies in Spain, far from any sea, and has a palace."


def test_empty_and_nearly_equal_ones_go():
    texts = [LISBON, "", "  ", LISBON.upper(), LISBON + " ", PORTO]
    assert varied(texts, 4) == [0, 5]


def test_the_two_farthest_apart_are_kept():
    near = LISBON.replace("on the river Tagus", "by the sea")
    assert varied([LISBON, near, PORTO], 2) in ([0, 2], [1, 2])


def test_with_marks_the_best_comes_first_and_a_contrast_second():
    assert varied([LISBON, PORTO, MADRID], 2, [0.1, 0.9, 0.8]) == [1, 0]


def test_of_near_duplicates_the_better_stays():
    assert varied([LISBON, LISBON + "!", PORTO], 3, [0.1, 0.5, 0.3]) == [1, 2]


@pytest.mark.parametrize("keep", [0, 1, 2, 5])
def test_never_more_than_asked_for_and_none_twice(keep):
    chosen = varied([LISBON, PORTO, MADRID, LISBON], keep)
    assert len(chosen) == min(keep, 3) == len(set(chosen))


def test_short_answers_are_compared_whole():
    assert varied(["5", "6", "5"], 3) == [0, 1]
