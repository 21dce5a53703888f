"""How many there are of each value, by any filters, off a table of all combinations."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Cell = tuple[str, ...]  # the values of one facet: none, one, or of some facets several
Numbers = npt.NDArray[np.int64]


class Tallied(NamedTuple):
    total: int
    by_facet: dict[str, dict[str, int]]
    without: dict[str, int]  # of each filter, how many there would be without it
    is_found: npt.NDArray[np.bool_]  # which rows of the table fit all filters


@dataclass(frozen=True)
class Table:
    """A row for each combination that there is. Cells are numbers, `cells` says of what."""

    facets: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]  # for each facet
    numbers: Numbers  # for each facet, those of its cells
    counts: Numbers

    @classmethod
    def of(cls, facets: Sequence[str], rows: Iterable[tuple[Sequence[Cell], int]]) -> Table:
        width = len(facets)
        none = np.zeros((width, 0), np.int64), np.zeros(0, np.int64)
        return cls(tuple(facets), ((),) * width, *none).plus(rows)

    def plus(self, rows: Iterable[tuple[Sequence[Cell], int]]) -> Table:
        """With these beside it. What they count below zero is taken from the others."""
        known = [{cell: at for at, cell in enumerate(there)} for there in self.cells]
        numbers, counts = [], []
        for cells, count in rows:
            pairs = zip(known, cells, strict=True)
            numbers.append([there.setdefault(cell, len(there)) for there, cell in pairs])
            counts.append(count)
        more = np.array(numbers, np.int64).reshape(-1, len(self.facets)).T
        return Table(
            self.facets,
            cells=tuple(tuple(there) for there in known),
            numbers=np.concatenate([self.numbers, more], axis=1),
            counts=np.concatenate([self.counts, np.array(counts, np.int64)]),
        )

    def without(self, facet: str, *, where: str, has: str) -> Table:
        """Rows with that value of another facet say nothing of this one."""
        place = self.facets.index(facet)
        cells = dict.fromkeys((*self.cells[place], ()))
        numbers = self.numbers.copy()
        numbers[place, self._fits(where, [has])] = list(cells).index(())
        told = [*self.cells[:place], tuple(cells), *self.cells[place + 1 :]]
        return replace(self, cells=tuple(told), numbers=numbers)

    @property
    def total(self) -> int:
        return int(self.counts.sum())

    def tally(
        self,
        wanted: Mapping[str, Collection[str]],
        *,
        counted: Iterable[str],
        only: Mapping[str, Collection[str]],
    ) -> Tallied:
        """Each row counts for a facet where it fits the filters of all the others.

        What does not fit `only` counts for nothing at all.
        """
        fits = {facet: self._fits(facet, values) for facet, values in wanted.items()}
        misfits = sum((~there for there in fits.values()), np.zeros(len(self.counts), int))
        counts = self.counts.copy()
        for facet, values in only.items():
            counts[~self._fits(facet, values)] = 0
        is_found = (misfits == 0) & (counts != 0)
        by_facet, without = {}, {}
        for facet in counted:
            others = misfits - ~fits[facet] if facet in fits else misfits
            weights = np.where(others == 0, counts, 0)
            by_facet[facet] = self._sums(facet, weights)
            if facet in fits:
                without[facet] = int(weights.sum())
        return Tallied(int(counts[is_found].sum()), by_facet, without, is_found)

    def _fits(self, facet: str, values: Collection[str]) -> npt.NDArray[np.bool_]:
        place, asked = self.facets.index(facet), frozenset(values)
        by_number = np.array(
            [not asked.isdisjoint(cell) for cell in self.cells[place]], np.bool_
        )
        fits: npt.NDArray[np.bool_] = by_number[self.numbers[place]]
        return fits

    def _sums(self, facet: str, weights: Numbers) -> dict[str, int]:
        place = self.facets.index(facet)
        cells = self.cells[place]
        sums: dict[str, int] = {}
        summed = np.bincount(self.numbers[place], weights, minlength=len(cells))
        for cell, count in zip(cells, summed, strict=True):
            for value in cell if count > 0 else ():
                sums[value] = sums.get(value, 0) + int(count)
        return sums

    def packed(self) -> bytes:
        """For a column of a database."""
        named = json.dumps([self.facets, self.cells]).encode()
        file = BytesIO()
        np.savez_compressed(
            file,
            named=np.frombuffer(named, np.uint8),
            numbers=self.numbers.astype(np.uint32),
            counts=self.counts,
        )
        return file.getvalue()

    @classmethod
    def unpacked(cls, packed: bytes) -> Table:
        with np.load(BytesIO(packed), allow_pickle=False) as file:
            facets, cells = json.loads(file["named"].tobytes())
            return cls(
                facets=tuple(facets),
                cells=tuple(tuple(map(tuple, there)) for there in cells),
                numbers=file["numbers"].astype(np.int64),
                counts=file["counts"],
            )
