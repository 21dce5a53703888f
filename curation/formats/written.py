"""Rows as the bytes of a file, a stream each: JSONL, a JSON list, CSV, Parquet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import pyarrow as pa

from curation.formats import sheet
from curation.formats.format import File, Format, Kind
from curation.formats.parquet import ParquetFile
from curation.spelled import as_json

Written = Iterable[dict[str, Any]]

_text = pa.string()
_TYPES: dict[Kind, pa.DataType] = {
    "text": _text,
    "number": pa.int64(),
    "flag": pa.bool_(),
    "role_content": pa.list_(pa.struct([("role", _text), ("content", _text)])),
    "from_value": pa.list_(pa.struct([("from", _text), ("value", _text)])),
    "object": _text,  # JSON: what is in it is not the same in every file
}


def write(file: BinaryIO, rows: Written, format: Format, kind: File) -> None:
    if kind == "parquet":
        to_parquet(file, rows, format)
    else:
        file.writelines(stream(rows, format, kind))


def stream(rows: Written, format: Format, kind: File) -> Iterator[bytes]:
    """A file's bytes as they come; Parquet cannot be written so."""
    if kind == "csv":
        return as_csv(rows, format)
    return as_list(rows) if kind == "json" else as_lines(rows)


def as_lines(rows: Written) -> Iterator[bytes]:
    for row in rows:
        yield f"{as_json(row)}\n".encode()


def as_list(rows: Written) -> Iterator[bytes]:
    """One list, a row a line."""
    before = "[\n"
    for row in rows:
        yield f"{before}{as_json(row)}".encode()
        before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


def as_csv(rows: Written, format: Format) -> Iterator[bytes]:
    """For spreadsheets: no text of it becomes a formula, and lists stand as JSON."""
    names = [one.name for one in format.columns]
    cells = ([_cell(row.get(name)) for name in names] for row in rows)
    return (line.encode() for line in sheet.lines(names, cells))


def to_parquet(file: BinaryIO, rows: Written, format: Format) -> None:
    columns = {one.name: one.kind for one in format.columns}
    schema = pa.schema([(name, _TYPES[kind]) for name, kind in columns.items()])
    objects = [name for name, kind in columns.items() if kind == "object"]
    with ParquetFile(file, schema) as out:
        for row in rows:
            spelled = {name: as_json(row[name]) for name in objects if name in row}
            out.add(row | spelled)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return as_json(value) if isinstance(value, list | dict) else value
