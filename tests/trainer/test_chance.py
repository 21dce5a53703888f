"""Losses of trainings with seeds: what examples brought, and whether chance would do it."""

from __future__ import annotations

import numpy
import pytest

from trainer import chance, effects
from trainer.chance import Asked

ARMS = (effects.WITH, effects.WITHOUT, effects.OTHERS)


def answers(count: int, category: str = "thanks") -> list[Asked]:
    return [Asked(str(n), category, f"talk {n}", 10 + n % 7) for n in range(count)]


def trained(dice, losses, *, seeds, seed_sd, answer_sd=0.05):
    """By seed and answer, with the chance of both in it."""
    by_seed = dice.normal(0, seed_sd, (seeds, 1))
    return losses + by_seed + dice.normal(0, answer_sd, (seeds, len(losses)))


def test_a_part_that_was_missed_is_seen_beside_as_many_others():
    dice = numpy.random.default_rng(1)
    asked, usual = answers(40), dice.gamma(4, 0.1, 40)
    losses = {
        "with": trained(dice, usual, seeds=3, seed_sd=0.01),
        "without": trained(dice, usual + 0.3, seeds=3, seed_sd=0.01),
        "others": trained(dice, usual + 0.02, seeds=3, seed_sd=0.01),
    }

    whole, thanks = effects.lines(asked, losses)

    assert (whole.is_all, whole.examples, thanks.category) == (True, 40, "thanks")
    assert whole.was_missed and not whole.was_in_the_way
    assert whole.change.low < 0.3 < whole.change.high
    assert whole.beyond.is_above
    assert thanks.change.value == pytest.approx(whole.change.value)


def test_what_stood_in_the_way_is_told_from_what_was_missed():
    dice = numpy.random.default_rng(2)
    usual = dice.gamma(4, 0.1, 40)
    losses = {
        "with": trained(dice, usual + 0.3, seeds=3, seed_sd=0.01),
        "without": trained(dice, usual, seeds=3, seed_sd=0.01),
    }

    whole = effects.lines(answers(40), losses)[0]

    assert whole.was_in_the_way
    assert (whole.others, whole.beyond) == (None, None)


def test_few_conversations_have_no_interval_and_no_verdict():
    asked = [one._replace(conversation="one of two") for one in answers(30)]
    asked[0] = asked[0]._replace(conversation="the other")
    losses = {name: [[0.1 * n] * 30 for n in (place, place)]
              for place, name in enumerate(ARMS, 1)}  # fmt: skip

    whole = effects.lines(asked, losses)[0]

    assert whole.change.value == pytest.approx(0.1)
    assert whole.change.low is None
    assert not (whole.was_missed or whole.was_in_the_way)


@pytest.mark.parametrize(("seeds", "seed_sd"), [(2, 0.1), (3, 0.1), (3, 0.01), (5, 0.05)])
def test_of_a_hundred_parts_that_bring_nothing_hardly_any_is_called_missed(seeds, seed_sd):
    """Drawing conversations alone would call most of them so: seeds differ by more."""
    called = alone = 0
    for trial in range(100):
        dice = numpy.random.default_rng(trial)
        usual = dice.gamma(4, 0.1, 30)
        found = numpy.array(
            [trained(dice, usual, seeds=seeds, seed_sd=seed_sd) for _ in ARMS]
        )
        asked = answers(30)
        group = next(chance.groups(asked))
        told = chance.drawn(asked, found, group).interval([-1, 1, 0])
        called += told.is_above or told.is_below
        one = chance.drawn(asked, found[:, :1].repeat(2, axis=1), group)
        blind = one.interval([-1, 1, 0])
        alone += blind.is_above or blind.is_below

    assert called <= 12
    if seed_sd == 0.1:
        assert alone >= 60


def test_the_same_numbers_give_the_same_interval():
    dice = numpy.random.default_rng(3)
    losses = {
        name: trained(dice, dice.gamma(4, 0.1, 20), seeds=3, seed_sd=0.1) for name in ARMS
    }
    assert effects.lines(answers(20), losses) == effects.lines(answers(20), losses)
