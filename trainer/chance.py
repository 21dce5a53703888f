"""What else a mean loss might have come to: with other conversations, and other seeds.

Plain calculations on models that were each trained with several seeds. The chance of
conversations comes from drawing whole ones anew, for all models alike. Of so few seeds
draws would tell too little: in trials they missed the truth up to eight times as often as
they should. So their chance comes from their spread, as a share of the loss and pooled over
all models: Student's t, with as many degrees of freedom as that leaves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy

from trainer.recipes.intervals import FEWEST, RESAMPLES, Interval, by_group, redrawn


class Asked(NamedTuple):
    """A held-out answer."""

    uid: str
    category: str
    conversation: str
    tokens: int


class Group(NamedTuple):
    """The answers of one category, or all."""

    category: str
    is_all: bool
    places: list[int]
    conversations: int


class Drawn(NamedTuple):
    """Of each model the mean loss a token, and what else it might have been."""

    values: numpy.ndarray  # (models,)
    draws: numpy.ndarray  # (models, resamples)
    apart: numpy.ndarray  # the same: how far one training may stray, as a share of its loss
    is_sure: bool  # whether there are conversations enough to say so

    def interval(self, weights: Sequence[float] | numpy.ndarray) -> Interval:
        """Of a sum of the models: [-1, 1] is the second less the first."""
        each = numpy.array(weights)
        return self.of(float(self.values @ each), self.draws.T @ each)

    def of(self, value: float, draws: numpy.ndarray) -> Interval:
        """Of anything that was made of the draws."""
        if not self.is_sure:
            return Interval(value, None, None)
        low, high = numpy.quantile(draws, (0.025, 0.975))
        return Interval(value, float(low), float(high))


def groups(asked: Sequence[Asked]) -> Iterator[Group]:
    """All together first, then by category."""
    for name in (None, *sorted({one.category for one in asked})):
        places = [n for n, one in enumerate(asked) if name in (None, one.category)]
        talks = len({asked[place].conversation for place in places})
        yield Group(name or "", name is None, places, talks)


def drawn(asked: Sequence[Asked], losses: numpy.ndarray, group: Group) -> Drawn:
    """`losses` are means a token: (models, seeds, answers). The same numbers give the same
    draws: the dice are sown alike."""
    among = [asked[place] for place in group.places]
    sums, weights = _by_conversation(among, losses[:, :, group.places])
    by_seed = sums.sum(axis=2) / weights.sum()
    draws = redrawn(sums.mean(axis=1).T, numpy.tile(weights[:, None], len(losses)), 0).T
    dice, values = numpy.random.default_rng(1), by_seed.mean(axis=1)
    pooled, own = _apart(dice, by_seed)
    noise = dice.standard_normal(draws.shape) / math.sqrt(by_seed.shape[1])
    draws += values[:, None] * pooled * noise
    return Drawn(values, draws, own, is_sure=group.conversations >= FEWEST)


def _by_conversation(
    asked: Sequence[Asked], losses: numpy.ndarray
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """What each conversation costs each training, and how many tokens it has."""
    names = dict.fromkeys(one.conversation for one in asked)
    places = {name: place for place, name in enumerate(names)}
    owner = numpy.array([places[one.conversation] for one in asked])
    tokens = numpy.array([one.tokens for one in asked], float)
    sums = [[by_group(owner, found * tokens) for found in model] for model in losses]
    return numpy.array(sums), by_group(owner, tokens)


def _apart(
    dice: numpy.random.Generator, by_seed: numpy.ndarray
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """What the spread of seeds may be in truth, as a share: of all models, and of each,
    whose own counts where it is the larger. Times a normal number it is Student's t."""
    models, seeds = by_seed.shape
    means, freedom = by_seed.mean(axis=1), models * (seeds - 1)
    shares = by_seed.var(axis=1, ddof=1) / numpy.where(means, means, 1) ** 2
    scale = numpy.sqrt(freedom / dice.chisquare(freedom, RESAMPLES))
    pooled, each = shares.mean(), numpy.maximum(shares, shares.mean())
    return numpy.sqrt(pooled) * scale, numpy.sqrt(each)[:, None] * scale
