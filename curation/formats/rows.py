"""Rows of a file, one after the other: JSONL, a JSON list, CSV, Parquet.

A row that cannot be read is refused with its number; what makes the whole file unreadable
is a BadLine.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from importlib import import_module
from io import TextIOWrapper
from itertools import chain
from typing import Any, BinaryIO

from curation.errors import BadLine
from curation.formats import jsonl
from curation.formats.budget import COLUMNS_AT_MOST, Budget
from curation.formats.format import File, Format
from curation.formats.sheet import unmarked
from curation.formats.trees import Numbered, Refuse, Rows, Spelled

UTF_8 = "utf-8-sig"  # with a byte order mark or without
READ_AT_ONCE = 1 << 16
NAME_AT_MOST = 200  # characters of a column's name: it may stand in each row
NAMING = ("name", "other")  # facts of a refusal that are the names of fields
_KINDS: dict[str, File] = {
    "jsonl": "jsonl", "ndjson": "jsonl", "json": "json", "csv": "csv", "tsv": "csv",
    "parquet": "parquet",
}  # fmt: skip
SPACE = re.compile(r"[ \t\r\n]*")
SIGN = re.compile(r'\\.|["{}\[\],]', re.DOTALL)  # what says where an element ends


def kind_of(name: str) -> File:
    """What a file is in, by its name; a line each where it does not say."""
    suffix = name.lower().removesuffix(".gz").rpartition(".")[2]
    return _KINDS.get(suffix, "jsonl")


def of_file(
    file: BinaryIO,
    kind: File,
    refuse: Refuse,
    *,
    encoding: str = UTF_8,
    budget: Budget | None = None,
) -> Iterator[Numbered]:
    """Rows of any of the kinds; `encoding` is that of a table.

    A Parquet file must be one that can be sought in; what it unfolds to is on the budget.
    """
    if kind == "jsonl":
        return of_lines(lines_of(file), refuse)
    if kind == "json":
        return of_list(file, refuse)
    if kind == "csv":
        return of_csv(file, refuse, encoding=encoding)
    # pyarrow takes longer to load than most files take to read: only these wait for it.
    columns = import_module("curation.formats.columns")
    found: Iterator[Numbered] = columns.of_parquet(file, budget or Budget())
    return found


# ---- JSON ------------------------------------------------------------------------------
def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file, none much longer than is allowed, however long it is."""
    limit = jsonl.LINE_AT_MOST + 2
    while line := file.readline(limit):
        yield line
        while len(line) == limit and not line.endswith(b"\n"):
            line = file.readline(limit)


def of_lines(lines: Iterable[bytes], refuse: Refuse) -> Iterator[Numbered]:
    """An object a line; empty lines are passed over."""
    for number, line in enumerate(lines, start=1):
        try:
            spelled = jsonl.decoded(line.strip())
            if spelled:
                yield Spelled(number, jsonl.fields(spelled), spelled)
        except BadLine as problem:
            refuse(number, problem)


def of_list(file: BinaryIO, refuse: Refuse) -> Iterator[Numbered]:
    """The objects of one JSON list, numbered from 1. What follows a fault is not read."""
    number = 0
    for number, spelled in enumerate(_elements(file), start=1):
        try:
            yield Numbered(number, jsonl.fields(spelled))
        except BadLine as problem:
            refuse(number, problem)


def _elements(file: BinaryIO) -> Iterator[str]:
    """The text of each element of a list, none longer than a line may be."""
    scan = _Scan(file)
    if scan.next_sign() != "[":
        raise BadLine("The file holds no list: JSON begins with “[” here.")
    scan.pass_over()
    if scan.next_sign() == "]":
        return
    while True:
        yield scan.element()
        sign = scan.next_sign()
        scan.pass_over()
        if sign == "]":
            return
        if sign != ",":
            raise BadLine("The JSON list ends in the middle: the file is cut off.")


class _Scan:
    """Finds where the elements of a list end, reading no further than it must."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.text, self.at, self.is_over = file, "", 0, False
        self.decode = codecs.getincrementaldecoder(UTF_8)().decode

    def next_sign(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            self.at = SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.text) or not self._more():
                return self.text[self.at : self.at + 1]

    def pass_over(self) -> None:
        self.at += 1

    def element(self) -> str:
        self.next_sign()
        depth, is_text, end = 0, False, self.at
        while True:
            for found in SIGN.finditer(self.text, end):
                sign = found[0]
                if is_text:
                    is_text = sign != '"'
                elif sign == '"':
                    is_text = True
                elif sign in "{[":
                    depth += 1
                elif depth and sign in "}]":
                    depth -= 1
                elif not depth and sign in ",]":
                    start, self.at = self.at, found.start()
                    return self.text[start : self.at]
            end = self._go_on()

    def _go_on(self) -> int:
        """Read more of an element; say from where on it is not looked through yet."""
        self.text, self.at = self.text[self.at :], 0
        if len(self.text) > jsonl.LINE_AT_MOST:
            most = jsonl.LINE_AT_MOST // 1_000_000
            raise BadLine("A row of the list is longer than %(most)d MB.", most=most)
        # A lone backslash at the end belongs to the character that is read next.
        lone = (len(self.text) - len(self.text.rstrip("\\"))) % 2
        end = len(self.text) - lone
        if not self._more():
            raise BadLine("The JSON list ends in the middle: the file is cut off.")
        return end

    def _more(self) -> bool:
        if self.is_over:
            return False
        read = self.file.read(READ_AT_ONCE)
        self.is_over = not read
        try:
            self.text += self.decode(read, self.is_over)
        except UnicodeDecodeError as error:
            raise BadLine("The file is not UTF-8: save it as UTF-8.") from error
        return not self.is_over


# ---- tables ----------------------------------------------------------------------------
def of_csv(file: BinaryIO, refuse: Refuse, *, encoding: str = UTF_8) -> Iterator[Numbered]:
    """Rows under a line of names; a number is the line at which the row ends.

    Marks that keep spreadsheets from taking a text for a formula are taken off.
    """
    csv.field_size_limit(jsonl.LINE_AT_MOST)
    with TextIOWrapper(file, encoding=encoding, newline="") as text:
        first = next(_text_lines(text), "")
        dialect = _dialect(first)
        rows = csv.reader(chain([first], _text_lines(text)), dialect, strict=True)
        names: list[str] = []
        while (cells := _next_cells(rows, refuse)) is not None:
            if not names:
                names = _names(cells)
            elif len(cells) > len(names):
                refuse(rows.line_num, _too_many(cells, names))
            elif any(cells):
                found = zip(names, map(unmarked, cells), strict=False)
                yield Numbered(
                    rows.line_num, {name: cell for name, cell in found if name and cell}
                )


def _too_many(cells: Sized, names: Sized) -> BadLine:
    return BadLine(
        "The row has %(cells)s cells and the table %(columns)s columns: a text with a "
        "comma or a line break must stand in quotation marks.",
        cells=len(cells),
        columns=len(names),
    )


def _text_lines(text: TextIOWrapper) -> Iterator[str]:
    """A file without any line break is not read whole to find that out."""
    try:
        while line := text.readline(jsonl.LINE_AT_MOST):
            if len(line) == jsonl.LINE_AT_MOST:
                most = jsonl.LINE_AT_MOST // 1_000_000
                raise BadLine("A line of the table is longer than %(most)d MB.", most=most)
            yield line
    except UnicodeDecodeError as error:
        raise BadLine("The file is not UTF-8: save it as UTF-8.") from error


def _dialect(names: str) -> type[csv.Dialect]:
    """By the sign that separates the names: a spreadsheet's depends on its language."""

    class Found(csv.excel):
        delimiter = max(",;\t", key=names.count)

    return Found


def _next_cells(rows: Any, refuse: Refuse) -> list[str] | None:
    while True:
        try:
            found: list[str] | None = next(rows, None)
        except csv.Error as error:
            odd = BadLine("This is no row of a CSV file: %(problem)s.", problem=str(error))
            refuse(rows.line_num, odd)
        else:
            return found


def _names(cells: list[str]) -> list[str]:
    names = [unmarked(cell).strip() for cell in cells]
    if len(names) > COLUMNS_AT_MOST:
        raise BadLine("The table has more than %(most)d columns.", most=COLUMNS_AT_MOST)
    if long := next((one for one in names if len(one) > NAME_AT_MOST), None):
        raise BadLine(
            "The name of the column “%(column)s” is longer than %(most)d.",
            column=long[:40],
            most=NAME_AT_MOST,
        )
    if twice := next((one for one in names if one and names.count(one) > 1), None):
        raise BadLine("The column “%(column)s” is there twice.", column=twice[:40])
    if not any(names):
        raise BadLine("The first line must have the names of the columns.")
    return names


# ---- by another's names ----------------------------------------------------------------
def named(
    rows: Rows, format: Format, mapping: Mapping[str, str] | None = None
) -> Iterator[Numbered]:
    """Rows with the fields of a format: `mapping` says which column a field is in.

    Cells that are JSON in a table are read as that where the field wants a list or an
    object, a flag or a number.
    """
    taken = {field: column for field, column in (mapping or {}).items() if column != field}
    hidden = set(taken.values()) - set(mapping or {})
    reads = {one.name: _READS[one.kind] for one in format.fields if one.kind != "text"}
    for number, fields in rows:
        found = dict(fields)
        for name in hidden:
            found.pop(name, None)
        found |= {field: fields.get(column) for field, column in taken.items()}
        for name, read in reads.items():
            if isinstance(cell := found.get(name), str):
                found[name] = read(cell)
        yield Numbered(number, found)


def by_column(refuse: Refuse, mapping: Mapping[str, str] | None = None) -> Refuse:
    """A reason that names a field says the owner's name of it instead."""
    columns = dict(mapping or {})

    def said(number: int, why: BadLine) -> None:
        fields = {fact: str(why.facts[fact]) for fact in NAMING if fact in why.facts}
        theirs = {fact: columns[one] for fact, one in fields.items() if one in columns}
        refuse(number, BadLine(why.said, **why.facts | theirs) if theirs else why)

    return said


def _turns(cell: str) -> Any:
    """A list of turns where the cell is one, else the text itself."""
    found = _json(cell, "[")
    is_list = isinstance(found, list) and all(isinstance(one, dict) for one in found)
    return found if is_list and found else cell


def _object(cell: str) -> Any:
    found = _json(cell, "{")
    return found if isinstance(found, dict) else cell


def _json(cell: str, opening: str) -> Any:
    if not cell.startswith(opening):
        return None
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return None


def _flag(cell: str) -> Any:
    said = cell.strip().casefold()
    if said in ("true", "1", "yes"):
        return True
    return False if said in ("false", "0", "no") else cell


def _number(cell: str) -> Any:
    return int(cell) if re.fullmatch(r"-?\d{1,15}", cell.strip()) else cell


_READS: dict[str, Callable[[str], Any]] = {
    "role_content": _turns, "from_value": _turns, "object": _object,
    "flag": _flag, "number": _number,
}  # fmt: skip
