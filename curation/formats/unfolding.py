"""A file from outside is unfolded to plain rows, in a process that may have little memory.

    python -m curation.formats.unfolding '{"source": …, "rows": …, …}'

Writes a JSON list a line: `[number, {fields}]`, or `[number, null, "why not", {facts}]` of
what cannot be read; prints what came of it. Knows no database: nothing that a file does
here can reach one.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from curation.errors import BadLine
from curation.formats import rows
from curation.formats.budget import WORDS, Budget, Counted, TooMuch
from curation.formats.format import File
from curation.formats.trees import Numbered, Spelled

MEMORY = 320 * 2**20  # bytes
SECONDS = 600  # of the processor
READ_AT_ONCE = 2**20
FIRST_AT_MOST = 8 * 2**20  # bytes of the first rows: a web process holds them all
LEAST = 64 * 2**20  # bytes that the smallest file may unfold to
TIMES = 100  # so many times its own size any file may
OPENED = 500  # brackets in a row that cannot be nested too deep
PACKED, PARQUET, ARCHIVE = b"\x1f\x8b", b"PAR1", b"PK\x03\x04"
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
NO_BYTES = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])  # that Windows' Western letters lack


class Order(NamedTuple):
    """What to unfold. `first` stops after so many rows, or after FIRST_AT_MOST; None reads
    all."""

    source: str
    name: str  # as its owner calls it
    rows: str
    bytes_at_most: int
    rows_at_most: int
    first: int | None = None


@dataclass
class Unfolded:
    """What came of it. `problem`, with its facts, is why nothing of it can be taken."""

    kind: File = "jsonl"
    encoding: str = ""  # of a table that is not UTF-8: it was guessed
    rows: int = 0
    refused: int = 0
    problem: str = ""
    facts: dict[str, str | int] = field(default_factory=dict)


@dataclass
class Plain:
    """The rows as they are written: to ask a file how long it is costs a call each time."""

    file: BinaryIO
    size: int = 0

    def row(self, row: Numbered) -> None:
        """As it came, where that is known: it is JSON already. Nested deeper it might be
        more than the next reader can take, so it is tried here."""
        if isinstance(row, Spelled) and row.text.count("[") + row.text.count("{") < OPENED:
            self.size += self.file.write(f"[{row.number},{row.text}]\n".encode())
        else:
            self.line([*row])

    def line(self, line: list[Any]) -> None:
        self.size += self.file.write(json.dumps(line).encode() + b"\n")

    def refusal(self, number: int, why: BadLine) -> None:
        self.line([number, None, why.said, why.facts])


def unfold(order: Order) -> Unfolded:
    found = Unfolded()
    size = Path(order.source).stat().st_size
    budget = Budget(min(order.bytes_at_most, max(LEAST, TIMES * size)))
    try:
        with (
            Path(order.source).open("rb") as file,
            Path(order.rows).open("wb") as rows_file,
        ):
            out = Plain(rows_file)
            _write(order, found, _rows(order, found, file, budget, out), out)
    except MemoryError:
        found.problem = WORDS["memory"]
    except BadLine as problem:
        found.problem, found.facts = problem.said, problem.facts
    except (OSError, EOFError) as problem:
        found.problem = str(problem)
    return found


def _write(order: Order, found: Unfolded, there: Iterator[Numbered], out: Plain) -> None:
    last = 0
    try:
        for row in there:
            number = row.number
            found.rows, last = found.rows + 1, number
            if found.rows + found.refused > order.rows_at_most:
                raise TooMuch("rows")
            try:
                out.row(row)
            except RecursionError:
                found.rows, found.refused = found.rows - 1, found.refused + 1
                out.refusal(number, BadLine("The JSON is nested too deep to be read."))
            if out.size > order.bytes_at_most:
                raise TooMuch("bytes")
            if order.first is not None and (
                found.rows + found.refused >= order.first or out.size >= FIRST_AT_MOST
            ):
                return
    except TooMuch:
        raise
    except (BadLine, OSError, EOFError) as problem:
        if not found.rows:
            raise
        found.refused += 1
        why = problem if isinstance(problem, BadLine) else BadLine(str(problem))
        out.refusal(last + 1, why)


def _rows(
    order: Order, found: Unfolded, file: BinaryIO, budget: Budget, out: Plain
) -> Iterator[Numbered]:
    """The rows of a file of any kind; what is refused goes to `out`."""

    def refuse(number: int, why: BadLine) -> None:
        found.refused += 1
        if found.rows + found.refused > order.rows_at_most:
            raise TooMuch("rows")
        if order.first is None or found.refused <= order.first:
            out.refusal(number, why)

    start = file.read(4)
    file.seek(0)
    if start == ARCHIVE:
        raise BadLine(
            "This is an archive or a workbook: unpack it, or save its sheet as CSV."
        )
    opened = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if start[:2] == PACKED else file
    found.kind = kind_of(opened, order.name)
    opened.seek(0)
    if found.kind == "csv":
        found.encoding = _encoding(opened, budget)
        opened.seek(0)
    if opened is not file:
        if found.kind == "parquet":
            raise BadLine("A Parquet file is packed inside: unpack it first.")
        opened = cast(BinaryIO, io.BufferedReader(Counted(opened, budget)))
    encoding = found.encoding or rows.UTF_8
    there = rows.of_file(opened, found.kind, refuse, encoding=encoding, budget=budget)
    return iter(there)


def kind_of(file: BinaryIO, name: str) -> File:
    """By what is in it, and by its name where that leaves a choice."""
    start = file.read(4096)
    if start.startswith(PARQUET):
        return "parquet"
    if start.startswith(UTF_16):
        return "csv"
    first = start.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    named = rows.kind_of(name) if "." in name else None
    if named == "csv":
        return "csv"
    if first == b"[":
        return "json"
    return "jsonl" if first == b"{" or named in ("json", "jsonl") else "csv"


def _encoding(file: BinaryIO, budget: Budget) -> str:
    """Empty for UTF-8. The whole file is looked through, on a budget of its own."""
    start = file.read(2)
    if start in UTF_16:
        return "utf-16"
    file.seek(0)
    left = Budget(budget.left)
    decode = codecs.getincrementaldecoder("utf-8")().decode
    is_utf_8, is_windows = True, True
    while read := file.read(READ_AT_ONCE):
        left.spend(len(read))
        if is_utf_8:
            try:
                decode(read)
            except UnicodeDecodeError:
                is_utf_8 = False
        is_windows = is_windows and not any(byte in read for byte in NO_BYTES)
    if is_utf_8:
        return ""
    return "cp1252" if is_windows else "latin-1"


def _confine() -> None:
    """Memory that can be written to, and time: what goes beyond is refused to us."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _confine()
    with suppress(BrokenPipeError):
        print(json.dumps(asdict(unfold(Order(**json.loads(sys.argv[1]))))))  # noqa: T201
