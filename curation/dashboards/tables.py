"""What a dashboard tells, as tables: a page, a chart and a file are made of the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from django.utils.functional import Promise

Cell = str | int | float | date | None


class Column(NamedTuple):
    name: str | Promise
    kind: str = "count"  # text, day, count, share, decimal, hours, weeks

    @property
    def is_numeric(self) -> bool:
        return self.kind not in ("text", "day")


class Row(NamedTuple):
    cells: tuple[Cell, ...]
    address: str = ""  # where its texts are


class Table(NamedTuple):
    key: str
    columns: tuple[Column, ...]
    rows: list[Row]

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was counted."""
        numeric = [n for n, column in enumerate(self.columns) if column.is_numeric]
        return not any(row.cells[n] for row in self.rows for n in numeric)

    def column(self, number: int) -> list[Any]:
        return [row.cells[number] for row in self.rows]

    @property
    def totals(self) -> list[tuple[Column, int]]:
        """Of each column of counts, what it adds up to."""
        return [
            (column, sum(self.column(number)))
            for number, column in enumerate(self.columns)
            if column.kind == "count"
        ]

    @property
    def lines(self) -> Iterator[tuple[Row, list[tuple[Column, Cell]]]]:
        """For the page: each row, with its cells and what they are."""
        for row in self.rows:
            yield row, list(zip(self.columns, row.cells, strict=True))
