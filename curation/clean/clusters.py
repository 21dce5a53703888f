"""Near-duplicates among all texts of a dataset, from their sketches.

What shares a band is only compared, never joined: chains of chance likenesses would make
one cluster of nearly everything. Each member of a cluster was compared with its head.

Of a million texts about 600 MB are held; signatures are cut to a byte a place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.clean import duplicates
from curation.clean.buckets import Buckets, Ids, estimates, neighbours
from curation.clean.duplicates import ALIKE_FROM, Reading, Relation
from curation.clean.sketches import BANDS, Hashes, Numbers, bands, keys

SLACK = 0.1  # below the limit: where texts are read, an estimate decides nothing yet
HEADS_AT_ONCE = 2_000
READ_AT_ONCE = 5_000  # texts, or those of one cluster


class Member(NamedTuple):
    id: int
    likeness: float  # to the head


class Cluster(NamedTuple):
    head: int
    members: list[Member]  # besides the head, the most alike first


class Clustering:
    """Takes signatures block by block, then finds what is alike.

    `texts` gives the texts of some ids, in their order: with it, likeness is exact, and
    texts with other numbers or a “not” stay apart. Without it, estimates decide.
    """

    def __init__(
        self,
        *,
        texts: Callable[[Sequence[int]], Sequence[str]] | None = None,
        alike_from: float = ALIKE_FROM,
    ) -> None:
        self._texts, self._alike_from = texts, alike_from
        self._estimated_from = alike_from - (SLACK if texts else 0)
        self._ids: list[Ids] = []
        self._keys: list[Hashes] = []
        self._places: list[NDArray[np.uint8]] = []
        self._bands: list[NDArray[np.int32]] = []

    def add(self, ids: Sequence[int] | Ids, signatures: Numbers) -> None:
        """Rows of ids and signatures; keep blocks to some ten thousand."""
        self._ids.append(np.asarray(ids, np.int64))
        self._keys.append(keys(signatures))
        self._places.append((signatures & np.uint32(255)).astype(np.uint8))
        self._bands.append(np.ascontiguousarray(bands(signatures).T))

    def clusters(self) -> Iterator[Cluster]:
        """Each text is in one cluster at most. Call it once, when all are added.

        What has most likenesses leads, and takes all that are like it and still free.
        """
        if not self._ids:
            return
        self._rows = np.concatenate(self._ids)
        self._at = np.concatenate(self._places)
        self._ids, self._places = [], []
        # Equal signatures are looked at as one: the first leads, the others come along.
        self._equal = _Equal(np.concatenate(self._keys))
        leading = self._leading()
        buckets = Buckets(self._columns(self._equal.firsts[leading]))
        self._bands = []
        is_free = np.ones(len(leading), np.bool_)
        at = 0
        while len(heads := at + np.flatnonzero(is_free[at:])[:HEADS_AT_ONCE]):
            at = heads[-1] + 1
            yield from self._led(heads, leading, buckets, is_free)

    # ---- who leads -------------------------------------------------------------------
    def _columns(self, rows: Ids) -> NDArray[np.int32]:
        made = np.empty((BANDS, len(rows)), np.int32)
        for number in range(BANDS):
            made[number] = self._column(number)[rows]
        return made

    def _column(self, number: int) -> NDArray[np.int32]:
        return np.concatenate([block[number] for block in self._bands])

    def _leading(self) -> Ids:
        """Of different signatures those with likenesses, the most first; of equals the one
        that was added first."""
        firsts = self._equal.firsts
        weights = BANDS * (self._equal.counts - 1)
        for number in range(BANDS):
            column = self._column(number)[firsts]
            after = self._column((number + 1) % BANDS)[firsts]
            for one, other in neighbours(column, after):
                share = estimates(self._at, firsts[one], firsts[other])
                is_alike = share >= self._estimated_from
                np.add.at(weights, one[is_alike], 1)
                np.add.at(weights, other[is_alike], 1)
        order = np.lexsort((firsts, -weights))
        return order[: np.count_nonzero(weights)]

    # ---- what they lead ----------------------------------------------------------------
    def _led(
        self, heads: Ids, leading: Ids, buckets: Buckets, is_free: NDArray[np.bool_]
    ) -> Iterator[Cluster]:
        ones, others = buckets.sharing(heads, is_free)
        firsts = self._equal.firsts[leading]
        share = estimates(self._at, firsts[ones], firsts[others])
        near = share >= self._estimated_from
        others = others[near]
        ends = np.searchsorted(ones[near], heads, side="right").tolist()
        groups = [others[a:b] for a, b in pairwise([0, *ends])]
        for part in _together(heads, groups, self._equal.counts[leading]):
            read = self._read([leading[[head, *group]] for head, group in part])
            for head, group in part:
                group = group[is_free[group]]
                if is_free[head]:
                    is_free[head] = False
                    yield from self._star(head, group, leading, is_free, read)

    def _star(
        self,
        head: int,
        group: Ids,
        leading: Ids,
        is_free: NDArray[np.bool_],
        read: dict[int, Reading],
    ) -> Iterator[Cluster]:
        """The head with what is like it; what was taken is free no more."""
        top = int(self._equal.firsts[leading[head]])
        members: list[Member] = []
        for slot in (head, *group.tolist()):
            rows = self._equal.rows(leading[slot])
            likeness = self._likeness(top, rows, read)
            # Where the first of them says something else, all wait for another head.
            if slot == head or likeness[0] >= self._alike_from:
                is_free[slot] = False
                found = zip(self._rows[rows].tolist(), likeness, rows.tolist(), strict=True)
                members += [
                    Member(pk, round(share, 3))
                    for pk, share, row in found
                    if share >= self._alike_from and row != top
                ]
        if members:
            members.sort(key=lambda member: (-member.likeness, member.id))
            yield Cluster(int(self._rows[top]), members)

    def _likeness(self, top: int, rows: Ids, read: dict[int, Reading]) -> list[float]:
        if not read:
            return estimates(self._at, rows, np.array([top])).tolist()  # type: ignore[no-any-return]
        return [self._exact(read[top], read[row]) for row in rows.tolist()]

    def _exact(self, one: Reading, other: Reading) -> float:
        relation, share = duplicates.compared(one, other, alike_from=self._alike_from)
        return share if relation in (Relation.SAME, Relation.DUPLICATE) else 0.0

    def _read(self, groups: list[Ids]) -> dict[int, Reading]:
        """What is needed to compare these, by row."""
        if self._texts is None or not groups:
            return {}
        rows = np.unique(np.concatenate([self._equal.rows(n) for g in groups for n in g]))
        texts = self._texts(self._rows[rows].tolist())
        return {
            row: duplicates.read(text)
            for row, text in zip(rows.tolist(), texts, strict=True)
        }


class _Equal:
    """Rows whose signatures are equal, as one group each."""

    def __init__(self, keys: Hashes) -> None:
        self._order = np.argsort(keys, kind="stable")
        ordered = keys[self._order]
        is_first = np.concatenate(([True], ordered[1:] != ordered[:-1]))[: len(keys)]
        self._starts = np.flatnonzero(is_first)
        self.firsts = self._order[self._starts]
        self.counts = np.diff(np.append(self._starts, len(keys)))

    def rows(self, group: int) -> Ids:
        start = self._starts[group]
        return self._order[start : start + self.counts[group]]


def _together(
    heads: Ids, groups: list[Ids], counts: Ids
) -> Iterator[list[tuple[int, Ids]]]:
    """Heads with what may be theirs, so many that their texts are asked for at once."""
    part: list[tuple[int, Ids]] = []
    size = 0
    for head, group in zip(heads.tolist(), groups, strict=True):
        if not len(group) and counts[head] == 1:
            continue
        part.append((head, group))
        size += int(counts[head] + counts[group].sum())
        if size >= READ_AT_ONCE:
            yield part
            part, size = [], 0
    if part:
        yield part
