"""Tables as CSV that spreadsheets open as what they are: text stays text."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from io import StringIO

Value = str | int | float | date | None
# A spreadsheet takes a cell that begins so for a formula, and may run it.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
DIGITS = 4
MARK = "\ufeff"  # without it, Excel takes UTF-8 for something else


def sheet(names: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """Numbers with a point and days as in 2026-05-02, whatever the reader's language."""
    out = StringIO()
    out.write(MARK)
    writer = csv.writer(out)
    writer.writerow([_cell(name) for name in names])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: Value) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    if isinstance(value, date):
        return value.isoformat()
    return round(value, DIGITS) if isinstance(value, float) else value
