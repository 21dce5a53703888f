"""Labels and the voters' errors, estimated together.

Each voter has a table of how likely they give each value where another is true. From the
shares of votes to those tables and back, until it stands still. Source: A. P. Dawid and
A. M. Skene, "Maximum likelihood estimation of observer error-rates using the EM algorithm"
(1979).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.aggregate.labels import Shares, Vote

ROUNDS = 100
STILL = 1e-4  # no share of an item moved by more: it has converged
# Votes that each voter is taken to have given to each value beforehand: nobody is ruled
# out for ever by what they happened never to do.
SMOOTHING = 0.01

Matrix = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]


class Estimate(NamedTuple):
    """`shares` by item; `skills` by voter: the part of their votes that is right, were each
    value as frequent as it seems to be; `frequencies` by value."""

    shares: dict[Hashable, Shares]
    skills: dict[Hashable, float]
    frequencies: Shares


class _Votes(NamedTuple):
    item: Numbers
    rater: Numbers
    value: Numbers
    raters: int


def dawid_skene(
    votes: Iterable[Vote], *, rounds: int = ROUNDS, smoothing: float = SMOOTHING
) -> Estimate:
    """Soft labels that trust each voter as far as the others bear them out.

    That is agreement with peers: good for facts that a few get wrong, and unfair to a
    minority where people honestly differ. No reputation may be made from it.
    """
    votes = list(votes)
    items, item = _numbered([vote.item for vote in votes])
    raters, rater = _numbered([vote.rater for vote in votes])
    values, value = _numbered([vote.value for vote in votes])
    given = _Votes(item, rater, value, len(raters))
    truth = np.zeros((len(items), len(values)))
    np.add.at(truth, (item, value), 1)
    truth /= truth.sum(axis=1, keepdims=True)
    for _ in range(rounds):
        errors, frequency = _tables(truth, given, smoothing)
        before, truth = truth, _truth(errors, frequency, given)
        if np.abs(truth - before).max(initial=0.0) < STILL:
            break
    errors, frequency = _tables(truth, given, smoothing)
    skills = np.einsum("rvv,v->r", errors, frequency)
    return Estimate(
        {one: dict(zip(values, row, strict=True)) for one, row in _rows(items, truth)},
        dict(zip(raters, skills.tolist(), strict=True)),
        dict(zip(values, frequency.tolist(), strict=True)),
    )


def _numbered(keys: list[Hashable]) -> tuple[list[Hashable], Numbers]:
    """Each key once, as they first came, and the number of each vote's."""
    at = {key: index for index, key in enumerate(dict.fromkeys(keys))}
    return list(at), np.array([at[key] for key in keys], dtype=np.intp)


def _tables(truth: Matrix, given: _Votes, smoothing: float) -> tuple[Matrix, Matrix]:
    """How likely each voter gives each value (second axis) where one is true (third)."""
    values = truth.shape[1]
    errors = np.full((given.raters, values, values), smoothing)
    np.add.at(errors, (given.rater, given.value), truth[given.item])
    errors /= errors.sum(axis=1, keepdims=True)
    return errors, truth.sum(axis=0) / max(1, len(truth))


def _truth(errors: Matrix, frequency: Matrix, given: _Votes) -> Matrix:
    items = int(given.item.max(initial=-1)) + 1
    tiny = np.finfo(float).tiny
    found = np.tile(np.log(np.maximum(frequency, tiny)), (items, 1))
    votes = np.log(np.maximum(errors, tiny))[given.rater, given.value]
    np.add.at(found, given.item, votes)
    found = np.exp(found - found.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _rows(items: list[Hashable], truth: Matrix) -> list[tuple[Hashable, list[float]]]:
    return list(zip(items, truth.tolist(), strict=True))
