"""What goes to set-wide work elsewhere (Spark, Ray Data, DuckDB), and what comes back.

Out: a folder with manifest.json, records/*.parquet and signatures/*.parquet. Back: one
decisions.parquet, a row for each thing that was seen in a record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import BadLine
from curation.formats.columns import unpacked

FORMAT = "winnow-set-1"
ROWS_AT_ONCE = 10_000
ADVICE_AT_MOST = 300
CHECK_AT_MOST = 36
GROUP_AT_MOST, COLUMN_AT_MOST = 2**30, 2**26  # bytes, unpacked
VERDICTS = ("hint", "duplicate")

_text = pa.string()
RECORDS = pa.schema([
    (name, _text) for name in (
        "record_id", "revision", "conversation", "parent_id", "group", "role", "origin",
        "state", "language", "category", "split", "text", "context",
    )
])  # fmt: skip
SIGNATURES = pa.schema([
    ("record_id", _text), ("version", pa.int16()), ("bands", pa.list_(pa.int32())),
    ("signature", pa.binary()),
])  # fmt: skip
DECISIONS = pa.schema([
    ("record_id", _text), ("revision", _text), ("check", _text),
    ("check_version", pa.int32()), ("score", pa.float64()), ("verdict", _text),
    ("evidence", _text),
])  # fmt: skip
TEXTS = [field.name for field in DECISIONS if field.type == _text]


class Decision(NamedTuple):
    """`evidence` is the advice of a hint, and the record that a duplicate is one of."""

    record_id: str
    revision: str
    check: str
    check_version: int
    score: float
    verdict: str
    evidence: str


def revision(text: str, context: str) -> str:
    """Which words a decision was about."""
    return hashlib.sha256(f"{text}\0{context}".encode()).hexdigest()[:16]


def decisions(path: Path) -> Iterator[list[dict[str, Any]]]:
    """The rows of a file in batches, columns as they should be, or BadLine."""
    try:
        there = pq.read_metadata(path)
        columns = {there.schema.column(n).path for n in range(there.num_columns)}
        texts = [name for name in TEXTS if name in columns]
        file = pq.ParquetFile(path, metadata=there, read_dictionary=texts)
    except (pa.ArrowException, OSError) as error:
        raise BadLine(
            "This is not a Parquet file: %(problem)s", problem=str(error)
        ) from error
    with file:
        missing = sorted(set(DECISIONS.names) - set(file.schema_arrow.names))
        if missing:
            raise BadLine("The column “%(column)s” is missing.", column=missing[0])
        for number in range(file.num_row_groups):
            _require_readable(file.metadata.row_group(number))
        batches = file.iter_batches(ROWS_AT_ONCE, columns=DECISIONS.names)
        while (batch := _next(batches)) is not None:
            yield _rows(batch)


def _require_readable(group: pq.RowGroupMetaData) -> None:
    """A group of rows is unpacked in memory."""
    columns = map(group.column, range(group.num_columns))
    taken = (one for one in columns if one.path_in_schema in DECISIONS.names)
    if sum(one.total_uncompressed_size for one in taken) > GROUP_AT_MOST:
        most = GROUP_AT_MOST // 2**20
        raise BadLine(
            "A row group is larger than %(most)d MiB: write smaller ones.", most=most
        )


def _next(batches: Iterator[pa.RecordBatch]) -> pa.RecordBatch | None:
    try:
        return next(batches, None)
    except (pa.ArrowException, OSError) as error:
        raise BadLine("The file is damaged: %(problem)s", problem=str(error)) from error


def _rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if pa.types.is_dictionary(column.type) and unpacked(column) > COLUMN_AT_MOST:
            raise BadLine(
                "The column “%(column)s” is too long: %(rows)s rows of it are larger than "
                "%(most)d MiB.",
                column=name,
                rows=ROWS_AT_ONCE,
                most=COLUMN_AT_MOST // 2**20,
            )
    wanted = pa.schema([DECISIONS.field(name) for name in batch.schema.names])
    try:
        rows: list[dict[str, Any]] = pa.Table.from_batches([batch]).cast(wanted).to_pylist()
    except pa.ArrowException as error:
        raise BadLine(
            "A column is of another type: %(problem)s", problem=str(error)
        ) from error
    return rows


def decision(row: dict[str, Any]) -> Decision:
    """One row, or BadLine with what is wrong with it."""
    found = Decision(**{name: row[name] for name in Decision._fields})
    if None in (found.record_id, found.check, found.check_version, found.score):
        raise BadLine("“record_id”, “check”, “check_version” and “score” must be there.")
    if not found.check.replace("_", "").isalnum() or len(found.check) > CHECK_AT_MOST:
        raise BadLine(
            "“%(check)s” is no name of a check: a-z, 0-9 and _.", check=found.check[:40]
        )
    if not 0 <= found.check_version < 2**15:
        raise BadLine("“check_version” goes from 0 to 32767.")
    if not 0 <= found.score <= 1:
        raise BadLine("“score” goes from 0 to 1.")
    if found.verdict not in VERDICTS:
        raise BadLine("“verdict” is one of %(known)s.", known=", ".join(VERDICTS))
    if not found.evidence or "\0" in found.evidence or len(found.evidence) > ADVICE_AT_MOST:
        raise BadLine(
            "“evidence” is a text of 1 to %(most)s characters.", most=ADVICE_AT_MOST
        )
    return found
