"""Which sketches are worth comparing: those in one bucket of a band."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from curation.clean.sketches import PLACES

NEIGHBOURS = 12  # of those in one bucket, so many next to each other are compared
WINDOW = 500  # on each side of a head, in a bucket that is larger
_PAIRS_AT_ONCE = 65_536
_BY_CHANCE = 1 / 256  # two bytes are equal

Ids = NDArray[np.int64]
Pairs = tuple[Ids, Ids]
Column = NDArray[np.int32]


class Buckets:
    """By band, which of some sketches stand together; they are called by their number."""

    def __init__(self, columns: NDArray[np.int32]) -> None:
        self._count = columns.shape[1]
        self._orders = np.empty(columns.shape, np.int32)
        self._places = np.empty(columns.shape, np.int32)
        self._sorted = np.empty(columns.shape, np.int32)
        for number, column in enumerate(columns):
            order = _sorted_by(column, columns[(number + 1) % len(columns)])
            self._orders[number], self._sorted[number] = order, column[order]
            self._places[number][order] = np.arange(self._count)

    def sharing(self, heads: Ids, is_free: NDArray[np.bool_]) -> Pairs:
        """Each head with all free ones behind it that share a band, sorted, once each."""
        found = [np.empty(0, np.int64)]
        for order, place, column in zip(
            self._orders, self._places, self._sorted, strict=True
        ):
            at = place[heads]
            low = np.maximum(np.searchsorted(column, column[at], "left"), at - WINDOW)
            high = np.minimum(np.searchsorted(column, column[at], "right"), at + WINDOW)
            one = np.repeat(heads, high - low)
            other = order[_ranges(low, high)]
            kept = (other > one) & is_free[other]
            found.append(np.unique(one[kept] * self._count + other[kept]))
        pairs = np.unique(np.concatenate(found))
        return pairs // max(self._count, 1), pairs % max(self._count, 1)


def neighbours(column: Column, after: Column) -> Iterator[Pairs]:
    """Pairs within a bucket. In a large one only those that stand next to each other."""
    order = _sorted_by(column, after)
    bucket = column[order]
    for step in range(1, NEIGHBOURS + 1):
        at = np.flatnonzero(bucket[step:] == bucket[:-step])
        if not len(at):
            return
        for start in range(0, len(at), _PAIRS_AT_ONCE):
            part = at[start : start + _PAIRS_AT_ONCE]
            yield order[part], order[part + step]


def estimates(places: NDArray[np.uint8], one: Ids, other: Ids) -> NDArray[np.float64]:
    """How alike the texts of two rows are, for many pairs; `other` may be a single one."""
    made = np.empty(len(one))
    for start in range(0, len(one), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        ours = places[one[part]]
        theirs = places[other[part] if len(other) > 1 else other]
        agree = (ours == theirs).view(np.uint64)
        # Eight places to a word; at most 16 words are added, so no byte runs over.
        words = agree.sum(axis=1, dtype=np.uint64)
        made[part] = words.view(np.uint8).reshape(-1, 8).sum(axis=1)
    return (made / PLACES - _BY_CHANCE) / (1 - _BY_CHANCE)


def _sorted_by(column: Column, after: Column) -> Ids:
    """By band, then by the next band: what is alike shares that one as well."""
    key = column.astype(np.int64) << 32 | after.view(np.uint32)
    return np.argsort(key, kind="stable")


def _ranges(low: Ids, high: Ids) -> Ids:
    """The numbers of all ranges, one after another."""
    lengths = high - low
    before = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) + np.repeat(low - before, lengths)  # type: ignore[no-any-return]
