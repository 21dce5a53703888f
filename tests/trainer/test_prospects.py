"""What more examples would bring: foretold from parts, held against what they do bring."""

from __future__ import annotations

import numpy
import pytest

from trainer import prospects
from trainer.chance import Asked
from trainer.prospects import AT_ODDS, FEW, FEW_HELD_OUT, PARTS, VAGUE


def planted(loss_with, count, *, dice, seed_sd=0.04, held_out=30, talks=30, name="polite"):
    """Losses of trainings on parts of so many examples, when the truth is `loss_with`."""
    sizes = [max(1, round(part * count)) for part in PARTS]
    asked = [
        Asked(f"{name} {n}", name, f"{name} {n % talks}", 8 + n % 9)
        for n in range(held_out)
    ]
    hard = dice.gamma(8, 1 / 8, held_out)
    hard /= hard.mean()
    losses = [
        [
            loss_with(size)
            * hard
            * numpy.exp(dice.normal(0, seed_sd) + dice.normal(0, 0.1, held_out))
            for _ in range(3)
        ]
        for size in sizes
    ]
    return asked, sizes, losses


def foretold(*categories):
    """Of several categories that were trained together."""
    asked = [one for found, _, _ in categories for one in found]
    sizes = {found[0].category: sizes for found, sizes, _ in categories}
    losses = [
        [
            numpy.concatenate([losses[part][seed] for _, _, losses in categories])
            for seed in range(3)
        ]
        for part in range(len(PARTS))
    ]
    return prospects.prospects(asked, sizes, losses)


def steep(count):
    return 0.05 + 4 * count**-0.9


def flat(count):
    return 0.25 + 0.001 * count**-1.0


@pytest.mark.parametrize(
    ("loss_with", "count", "seed_sd"),
    [(steep, 60, 0.04), (steep, 200, 0.03), (flat, 100, 0.02), (flat, 400, 0.03)],
)
def test_the_interval_covers_what_one_training_with_a_hundred_more_brings(
    loss_with, count, seed_sd
):
    """Seeds differ in what is foretold as in what it was foretold from."""
    told = covered = 0
    for trial in range(100):
        dice = numpy.random.default_rng(trial)
        (one,) = foretold(planted(loss_with, count, dice=dice, seed_sd=seed_sd))
        now, then = (
            loss_with(examples) * numpy.exp(dice.normal(0, seed_sd))
            for examples in (count, count + 100)
        )
        if one.is_told:
            told += 1
            covered += one.change.low <= then - now <= one.change.high

    assert told >= 40
    assert covered >= 0.9 * told


def test_trainings_that_differ_more_make_the_interval_wider():
    """Also where the curves through them are sure."""
    widths = []
    for seed_sd in (0.01, 0.05):
        dice = numpy.random.default_rng(3)
        (one,) = foretold(planted(flat, 400, dice=dice, seed_sd=seed_sd))
        widths.append((one.change.high - one.change.low) / one.losses[-1].value)

    assert widths[0] < 0.2
    # Two trainings, each apart from the curve by so much.
    assert widths[1] > 2 * 1.96 * 2**0.5 * 0.05


def test_parts_are_passed_over_as_often_as_the_whole():
    taken = [prospects.steps(120, some, 80) for some in (1, 10, 20, 40, 80, 180)]
    assert taken == [prospects.LEAST_STEPS, 15, 30, 60, 120, 270]
    assert prospects.steps(3, 1, 80) == 3


def test_what_brings_most_comes_first_and_what_cannot_be_told_last():
    dice = numpy.random.default_rng(5)
    found = foretold(
        planted(flat, 200, dice=dice, seed_sd=0.01, name="sated"),
        planted(steep, 20, dice=dice, name="young"),
        planted(steep, 100, dice=dice, seed_sd=0.01, name="hungry"),
    )

    assert [one.category for one in found] == ["hungry", "sated", "young"]
    hungry, sated, young = found
    assert hungry.percent < sated.percent
    assert sated.change.high - sated.change.low < 0.05
    assert (young.why, young.is_told) == (FEW, False)
    assert [hungry.sizes, hungry.examples] == [[12, 25, 50, 100], 100]


def test_few_held_out_conversations_tell_nothing():
    dice = numpy.random.default_rng(6)
    (one,) = foretold(planted(steep, 100, dice=dice, talks=3))
    assert one.why == FEW_HELD_OUT
    assert one.change.low is None


def test_a_curve_that_turns_tells_nothing():
    """What the smaller parts foretell is not what came of all."""
    dice = numpy.random.default_rng(7)

    def turning(count):
        return {12: 1.0, 25: 0.7, 50: 0.5, 100: 1.5}[count]

    (one,) = foretold(planted(turning, 100, dice=dice, seed_sd=0.02))
    assert one.why == AT_ODDS


def test_seeds_that_differ_widely_tell_nothing():
    dice = numpy.random.default_rng(8)
    (one,) = foretold(planted(steep, 30, dice=dice, seed_sd=0.8))
    assert one.why in (VAGUE, AT_ODDS)


def test_losses_of_nothing_at_all_break_nothing():
    dice = numpy.random.default_rng(9)
    (one,) = foretold(planted(lambda count: 0.0, 100, dice=dice))
    assert (one.percent, one.change.value) == (0.0, 0.0)
