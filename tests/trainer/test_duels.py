"""Win rates of models: raw, corrected for length, place and style, with intervals."""

from __future__ import annotations

import random
from math import exp, log2

import pytest

from curation.handoff import Comparison
from trainer import duels


def met(ballot=1, person="p", prompt="q", share=1.0, **more):
    facts = {
        "category": "", "first": "new", "second": "old", "first_shown": 1,
        "second_shown": 2, "lengths": (100, 100), "marks": (0, 0),
    }  # fmt: skip
    return Comparison(
        ballot=ballot, prompt=prompt, person=person, share=share, **(facts | more)
    )


def drawn(count, *, lead=0.0, length=0.0, order=0.0, people=20, seed=1, longer=0.0):
    """Comparisons of which the truth is known."""
    dice = random.Random(seed)
    rows = []
    for ballot in range(count):
        mine, theirs = (round(100 * 2 ** (dice.gauss(by, 1))) for by in (longer, 0))
        shown = dice.choice([(1, 2), (2, 1)])
        far = max(-3, min(3, log2((mine + 1) / (theirs + 1))))
        at = lead + length * far + order * (0.5 if shown == (1, 2) else -0.5)
        won = dice.random() < 1 / (1 + exp(-at))
        rows.append(
            met(
                ballot, f"p{ballot % people}", f"q{ballot // 3}", float(won),
                first_shown=shown[0], second_shown=shown[1], lengths=(mine, theirs),
            )
        )  # fmt: skip
    return rows


def test_who_never_met_has_no_duel():
    assert duels.duel([], "new", "old") is None
    assert duels.duel([met(first="third")], "new", "old") is None
    assert duels.standings([]) == []


@pytest.mark.parametrize("lead", [0.0, 1.0])
def test_the_true_win_rate_is_found(lead):
    found = duels.duel(drawn(900, lead=lead), "new", "old")

    truth = 1 / (1 + exp(-lead))
    assert found.corrected.low < truth < found.corrected.high
    assert found.corrected.share == pytest.approx(truth, abs=0.06)
    assert found.corrected.is_settled is bool(lead)


def test_turned_round_it_says_the_same():
    rows = drawn(200, lead=0.7, length=0.5)

    one, other = duels.duel(rows, "new", "old"), duels.duel(rows, "old", "new")
    assert one.corrected.share == pytest.approx(1 - other.corrected.share, abs=1e-6)
    assert one.raw.share == pytest.approx(1 - other.raw.share)


def test_a_model_that_wins_by_length_alone_is_found_out():
    found = duels.duel(drawn(900, length=0.8, longer=1.5), "new", "old")

    assert found.raw.low > 0.6
    assert found.corrected.low < 0.5 < found.corrected.high
    assert found.covariates["length"].share == pytest.approx(0.8, abs=0.25)


def test_what_stands_first_is_no_merit():
    rows = [row for row in drawn(900, order=1.5, seed=3) if row.first_shown == 1]

    found = duels.duel([*rows, *drawn(300, order=1.5, seed=4)], "new", "old")

    assert found.raw.low > 0.5
    assert found.corrected.share == pytest.approx(0.5, abs=0.1)
    assert found.covariates["order"].low > 0


def test_three_wins_of_three_settle_nothing():
    few = duels.duel([met(n, f"p{n}", f"q{n}") for n in range(3)], "new", "old")

    assert few.raw.share == 1
    assert not few.raw.is_settled
    assert not few.corrected.is_settled


def test_a_hundred_ballots_of_one_person_are_less_than_of_a_hundred():
    """Half of the people always prefer the one, half the other: who they are decides."""

    def cast(people):
        return [
            met(n, f"p{n % people}", f"q{n}", float(n % people % 3 > 0)) for n in range(120)
        ]

    few, many = duels.duel(cast(6), "new", "old"), duels.duel(cast(120), "new", "old")
    assert few.raw.share == many.raw.share
    assert few.raw.high - few.raw.low > 1.5 * (many.raw.high - many.raw.low)
    assert not few.raw.is_settled and many.raw.is_settled


def test_ties_are_half_a_win_and_are_told():
    found = duels.duel([met(n, f"p{n}", f"q{n}", 0.5) for n in range(40)], "new", "old")

    assert (found.raw.share, found.ties) == (0.5, 40)
    assert found.corrected.share == pytest.approx(0.5)


def test_each_category_has_its_own_rate():
    rows = [met(n, f"p{n}", f"q{n}", 1.0, category="maths") for n in range(30)]
    rows += [met(n, f"p{n}", f"q{n}", 0.0, category="poems") for n in range(30, 60)]

    found = duels.duel(rows, "new", "old").by_category

    assert found["maths"][0].low > 0.5 > found["poems"][0].high
    assert [count for _, count in found.values()] == [30, 30]


def test_a_league_orders_models_that_never_met_each_other():
    rows = [
        met(n, f"p{n % 9}", f"q{n}", float(n % 4 > 0), first="a", second="b")
        for n in range(80)
    ]
    rows += [
        met(n, f"p{n % 9}", f"q{n}", float(n % 4 > 0), first="b", second="c")
        for n in range(80)
    ]

    league = duels.standings(rows, reference="c")

    assert [one.name for one in league] == ["a", "b", "c"]
    assert league[0].against.is_above_chance and league[2].against is None


def test_twice_asked_it_says_the_same():
    rows = drawn(100, lead=0.4)
    assert duels.duel(rows, "new", "old") == duels.duel(rows, "new", "old")


@pytest.mark.parametrize("count", [12, 24, 48])
def test_who_always_wins_is_ahead_the_more_surely_the_longer(count):
    """Of sixteen tosses all alike nobody doubts; at so clear a lead the curvature of the
    likelihood would."""
    rows = [met(n, f"p{n}", f"q{n // 2}", first_shown=1 + n % 2, second_shown=2 - n % 2)
            for n in range(count)]  # fmt: skip

    found = duels.duel(rows, "new", "old", confidence=0.99).corrected

    assert found.is_settled
    assert found.low > duels.duel(rows[:8], "new", "old", confidence=0.99).corrected.low
