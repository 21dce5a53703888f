"""Intervals of means: they hold what they promise, and are the same each time."""

from __future__ import annotations

import random

import numpy
import pytest

from trainer.recipes import intervals
from trainer.recipes.intervals import Interval, means


def column(values):
    return values, [1.0] * len(values)


def test_the_mean_is_weighted_and_stands_inside():
    sums, weights = [10.0, 20.0, 60.0, 10.0, 20.0], [10.0, 10.0, 20.0, 10.0, 10.0]
    found = means("abcde", {"x": (sums, weights)})["x"]
    assert found.value == 120 / 60
    assert found.low <= found.value <= found.high


def test_the_same_numbers_give_the_same_interval():
    dice = random.Random(1)
    values = [dice.gauss(0, 1) for _ in range(50)]
    groups = [number // 2 for number in range(50)]
    first = means(groups, {"x": column(values)})
    assert means(groups, {"x": column(values)}) == first
    assert means(groups, {"x": column(values)}, seed=1) != first


def test_95_of_100_intervals_hold_the_truth():
    dice = random.Random(3)
    held = 0
    for round_ in range(200):
        values = [dice.gauss(1, 2) for _ in range(40)]
        found = means(range(40), {"x": column(values)}, seed=round_)["x"]
        held += found.low <= 1 <= found.high
    assert 180 <= held <= 198


def test_ten_answers_of_one_conversation_are_not_ten():
    dice = random.Random(4)
    talks = [dice.gauss(0, 1) for _ in range(20)]
    values = [talk for talk in talks for _ in range(10)]
    groups = [number // 10 for number in range(200)]
    together = means(groups, {"x": column(values)})["x"]
    apart = means(range(200), {"x": column(values)})["x"]
    assert together.high - together.low > 2.5 * (apart.high - apart.low)


def test_a_difference_of_pairs_is_surer_than_the_two_means():
    dice = random.Random(5)
    before = [dice.gauss(0, 5) for _ in range(60)]
    after = [value - 0.3 + dice.gauss(0, 0.1) for value in before]
    apart = [b - a for a, b in zip(before, after, strict=True)]
    found = means(range(60), {
        "before": column(before), "after": column(after), "difference": column(apart),
    })  # fmt: skip
    assert found["difference"].is_below
    assert not found["difference"].is_above
    assert found["before"].low < found["after"].value < found["before"].high


@pytest.mark.parametrize("groups", [[], ["a"], ["a", "a"], ["a", "b", "c", "d"]])
def test_of_few_conversations_nothing_is_sure(groups):
    found = means(groups, {"x": column([1.0] * len(groups))})
    if groups:
        assert found["x"] == Interval(1.0, None, None)
        assert not found["x"].is_above
    else:
        assert found == {}


def test_a_category_in_one_conversation_is_not_sure_though_others_are_many():
    rare = [1.0] + [0.0] * 9
    found = means(range(10), {"rare": (rare, rare), "none": ([0.0] * 10, [0.0] * 10)})
    assert found == {"rare": Interval(1.0, None, None)}


def test_it_agrees_with_resampling_by_hand():
    values = numpy.arange(30.0) % 7
    dice = numpy.random.default_rng(9)
    drawn = [values[dice.integers(30, size=30)].mean() for _ in range(4000)]
    low, high = numpy.quantile(drawn, (0.025, 0.975))
    found = means(range(30), {"x": column(list(values))})["x"]
    assert found.low == pytest.approx(low, abs=0.12)
    assert found.high == pytest.approx(high, abs=0.12)


def test_many_groups_are_drawn_some_at_a_time_with_the_same_dice(monkeypatch):
    dice = random.Random(6)
    values = column([dice.gauss(0, 1) for _ in range(60)])
    at_once = means(range(60), {"x": values})["x"]
    monkeypatch.setattr(intervals, "DRAWN_AT_ONCE", 150)
    assert means(range(60), {"x": values})["x"] == pytest.approx(at_once)


def test_more_confidence_is_a_wider_interval():
    dice = random.Random(7)
    values = column([dice.gauss(0, 1) for _ in range(60)])
    wide = means(range(60), {"x": values}, confidence=0.99)["x"]
    narrow = means(range(60), {"x": values}, confidence=0.8)["x"]
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high


def test_a_share_has_an_interval_however_few_the_groups():
    assert intervals.grouped([1.0, 1.0], ["a", "a"]) == intervals.wilson(2, 2)
    low, high = intervals.grouped([1.0, 0.0, 1.0], ["a", "b", "b"])
    assert (low, high) == (0.5, 1.0)
