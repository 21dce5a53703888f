"""Held-out change between two models, with intervals."""

from __future__ import annotations

import random

import pytest

from trainer import gains
from trainer.gains import Pair


def pairs(count, factor, *, category="", noise=0.1, seed=1):
    dice = random.Random(seed)
    befores = [dice.uniform(10, 30) for _ in range(count)]
    return [Pair(category, b, b * (factor + dice.gauss(0, noise))) for b in befores]


def test_a_gain_lies_within_its_interval_and_is_told_in_percent():
    found = gains.change(pairs(200, 0.8))

    assert found.low < -20 < found.high < 0
    assert found.is_better and not found.is_worse
    assert found.examples == 200


def test_no_change_is_neither_better_nor_worse():
    found = gains.change(pairs(60, 1.0))
    assert not found.is_better and not found.is_worse


def test_more_confidence_is_a_wider_interval():
    rows = pairs(60, 0.9)
    sure, surer = gains.change(rows, confidence=0.8), gains.change(rows, confidence=0.99)
    assert surer.high - surer.low > sure.high - sure.low


def test_a_long_answer_weighs_as_much_as_it_costs():
    found = gains.change([Pair("", 90, 45), Pair("", 10, 10)])
    assert found.percent == pytest.approx(-45)


def test_replies_of_one_conversation_are_drawn_together():
    rows = pairs(40, 0.9)
    alone = gains.change(rows)
    ten_times = gains.change([pair._replace(group=n) for n, pair in enumerate(rows)] * 10)

    assert ten_times.examples == 400
    assert ten_times.low == pytest.approx(alone.low)
    few = [pair._replace(group=number % 4) for number, pair in enumerate(rows)]
    assert gains.change(few).low is None


@pytest.mark.parametrize("rows", [[], [Pair("", 0, 0)]])
def test_nothing_to_compare_is_said(rows):
    assert gains.change(rows) is None


def test_too_few_examples_have_a_change_and_no_interval():
    found = gains.change(pairs(3, 2.0))
    assert (found.low, found.is_worse) == (None, False)


def test_each_category_is_by_itself():
    rows = pairs(40, 0.7, category="a") + pairs(40, 1.4, category="b")
    found = gains.by_category(rows)
    assert found["a"].is_better and found["b"].is_worse
