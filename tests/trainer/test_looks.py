"""Ballots come in, and a policy looks at them seldom enough."""

from __future__ import annotations

import random
from statistics import NormalDist

import pytest

from trainer import looks


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
