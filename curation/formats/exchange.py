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

FORMAT = "winnow-set-1"
ROWS_AT_ONCE = 10_000
ADVICE_AT_MOST = 300
CHECK_AT_MOST = 36
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
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise BadLine(f"This is not a Parquet file: {error}") from error
    with file:
        missing = sorted(set(DECISIONS.names) - set(file.schema_arrow.names))
        if missing:
            raise BadLine(f"The column “{missing[0]}” is missing.")
        for batch in file.iter_batches(ROWS_AT_ONCE, columns=DECISIONS.names):
            try:
                yield (
                    pa.Table.from_batches([batch])
                    .cast(pa.schema([DECISIONS.field(name) for name in batch.schema.names]))
                    .to_pylist()
                )
            except pa.ArrowInvalid as error:
                raise BadLine(f"A column is of another type: {error}") from error


def decision(row: dict[str, Any]) -> Decision:
    """One row, or BadLine with what is wrong with it."""
    found = Decision(**{name: row[name] for name in Decision._fields})
    if None in (found.record_id, found.check, found.check_version, found.score):
        raise BadLine("“record_id”, “check”, “check_version” and “score” must be there.")
    if not found.check.replace("_", "").isalnum() or len(found.check) > CHECK_AT_MOST:
        raise BadLine(f"“{found.check[:40]}” is no name of a check: a-z, 0-9 and _.")
    if not 0 <= found.check_version < 2**15:
        raise BadLine("“check_version” goes from 0 to 32767.")
    if not 0 <= found.score <= 1:
        raise BadLine("“score” goes from 0 to 1.")
    if found.verdict not in VERDICTS:
        raise BadLine(f"“verdict” is one of {', '.join(VERDICTS)}.")
    if not found.evidence or "\0" in found.evidence or len(found.evidence) > ADVICE_AT_MOST:
        raise BadLine(f"“evidence” is a text of 1 to {ADVICE_AT_MOST} characters.")
    return found
