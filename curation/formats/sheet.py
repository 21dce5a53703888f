"""Tables as CSV that spreadsheets open as what they are: text stays text."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from io import StringIO

Value = str | int | float | date | None
# A spreadsheet takes a cell that begins so for a formula, and may run it.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
DIGITS = 4
QUOTE = "'"  # before it: what follows is text
MARK = "\ufeff"  # without it, Excel takes UTF-8 for something else


def sheet(names: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """Numbers with a point and days as in 2026-05-02, whatever the reader's language."""
    return "".join(lines(names, rows))


def lines(names: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[str]:
    """The same as a stream, a row at a time."""
    out = StringIO()
    writer = csv.writer(out)
    out.write(MARK)
    writer.writerow([_cell(name) for name in names])
    yield _taken(out)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        yield _taken(out)


def _taken(out: StringIO) -> str:
    found = out.getvalue()
    out.seek(0)
    out.truncate()
    return found


def marked(text: str) -> str:
    """As text, where a spreadsheet would take it for a formula; and what looks marked."""
    return f"{QUOTE}{text}" if text.lstrip(QUOTE).startswith(FORMULA) else text


def unmarked(cell: str) -> str:
    """What was marked: the reverse."""
    is_marked = cell.startswith(QUOTE) and cell.lstrip(QUOTE).startswith(FORMULA)
    return cell[1:] if is_marked else cell


def _cell(value: Value) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, str):
        return marked(value)
    if isinstance(value, date):
        return value.isoformat()
    return round(value, DIGITS) if isinstance(value, float) else value
