"""Ballots come in, and a policy looks at them seldom enough."""

from __future__ import annotations

import random
from math import exp
from statistics import NormalDist

import pytest

from tests.trainer.test_duels import met
from trainer import duels, looks


@pytest.mark.parametrize(
    ("ballots", "looked_at"), [(19, None), (20, 20), (39, 20), (40, 40), (200, 160)]
)
def test_it_looks_at_so_many_then_at_twice_as_many(ballots, looked_at):
    look = looks.newest(ballots, least=20, confidence=0.95)
    assert (look and look.ballots) == looked_at


def test_the_risks_of_all_looks_together_stay_within_what_was_asked_for():
    each = [looks.newest(20 << k, least=20, confidence=0.95) for k in range(12)]
    assert each[0].confidence == pytest.approx(0.975)
    assert 0.049 < sum(1 - look.confidence for look in each) <= 0.05 + 1e-12


def test_coins_win_seldom_however_long_they_are_thrown():
    """By the normal bound, at 16 times the first look."""
    dice, least, tries = random.Random(1), 20, 1000

    def wins(look, throws):
        share = sum(throws[: look.ballots]) / look.ballots
        reach = NormalDist().inv_cdf((1 + look.confidence) / 2) * 0.5 / look.ballots**0.5
        return share - reach > 0.5

    seen = {looks.newest(n, least=least, confidence=0.95) for n in range(321)} - {None}
    won = 0
    for _ in range(tries):
        throws = [dice.random() < 0.5 for _ in range(16 * least)]
        won += any(wins(look, throws) for look in seen)
    assert won / tries < 0.04  # half of the risk lies on the other side


# ---- contests ----------------------------------------------------------------------------


def test_a_contest_keeps_half_of_its_risk_for_the_end():
    each = [
        looks.of_contest(looks.LEAST << k, confidence=0.9, is_over=False) for k in range(12)
    ]
    last = looks.of_contest(100, confidence=0.9, is_over=True)
    assert last == (100, pytest.approx(0.95))
    spent = sum(1 - look.confidence for look in [*each, last])
    assert 0.099 < spent <= 0.1 + 1e-12
    for is_over in (False, True):
        assert looks.of_contest(11, confidence=0.9, is_over=is_over) is None
    assert [looks.after(n) for n in (0, 11, 12, 23, 24)] == [12, 12, 24, 24, 48]


def test_the_first_ballots_are_those_that_came_first():
    rows = [met(ballot) for ballot in (5, 3, 5, 9, 1)]
    kept = looks.within(rows, looks.Look(3, 0.9))
    assert [row.ballot for row in kept] == [5, 3, 5, 1]


def settles(rows, confidence):
    """Whether a contest with these ballots ends with a winner, looked at after each round
    of six as the clock looks at it."""
    for count in range(6, len(rows) + 1, 6):
        look = looks.of_contest(count, confidence=confidence, is_over=False)
        if look and count - 6 < look.ballots and _is_settled(rows[: look.ballots], look):
            return True
    last = looks.of_contest(len(rows), confidence=confidence, is_over=True)
    return _is_settled(rows, last)


def _is_settled(rows, look):
    found = duels.duel(rows, "new", "old", confidence=look.confidence)
    return found.corrected.is_settled


def test_equal_models_are_seldom_settled_however_often_it_is_looked(monkeypatch):
    """With people and prompts that have leanings of their own, which cancel out.

    Looked at after each round at the whole risk, as if it were the only look, the same
    contests are settled about twice as often as was stated.
    """
    monkeypatch.setattr(duels, "RESAMPLES", 100)
    tries, risk = 80, 0.2
    contests = [equal(48, seed) for seed in range(tries)]

    settled = sum(settles(rows, 1 - risk) for rows in contests)
    careless = sum(
        any(
            _is_settled(rows[:count], looks.Look(count, 1 - risk))
            for count in range(12, 49, 6)
        )
        for rows in contests
    )

    assert settled / tries <= risk
    assert careless / tries > risk


def equal(count, seed, people=10):
    dice = random.Random(seed)
    leaning = [dice.gauss(0, 0.5) for _ in range(people)]
    rows = []
    for ballot in range(count):
        person, prompt = dice.randrange(people), ballot // 2
        towards = leaning[person] + random.Random(f"{seed}-{prompt}").gauss(0, 0.5)
        won = dice.random() < 1 / (1 + exp(-towards))
        shown = dice.choice([(1, 2), (2, 1)])
        rows.append(
            met(ballot, f"p{person}", f"q{prompt}", float(won), first_shown=shown[0],
                second_shown=shown[1])
        )  # fmt: skip
    return rows
