"""Rows as Parquet: the same rows give the same bytes, as long as the writer is the same.

Its name and version go into the footer, and so into a file's hash: they are in the lock
file, and stand beside the hashes in a version's manifest.json.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

WRITER = f"pyarrow {pa.__version__}"
ROWS_AT_ONCE = 2_000  # a row group

_text, _number, _flag = pa.string(), pa.int64(), pa.bool_()
_chat = pa.list_(pa.struct([("role", _text), ("content", _text)]))
_side = [("group", _text), ("licence", _text), ("weight", _number)]
_said = [
    ("margin", _number), ("votes", _number), ("share", _number), ("agreement", _number),
    ("status", _text), ("raters", _text),
]  # fmt: skip
_place = pa.struct([
    ("id", _text), ("place", _number), ("share", _number),
    ("positions", pa.list_(_number)), ("content", _text),
])  # fmt: skip

SCHEMAS = {
    "records": pa.schema([
        ("id", _text), ("prompt_id", _text), ("conversation", _text), ("category", _text),
        ("language", _text), ("origin", _text), ("rank", _number), ("prompt", _chat),
        ("completion", _chat), ("rejected", _chat), *_side,
    ]),
    "pairs": pa.schema([
        ("prompt_id", _text), ("chosen_id", _text), ("rejected_id", _text),
        ("conversation", _text), ("category", _text), ("language", _text),
        ("prompt", _chat), ("chosen", _chat), ("rejected", _chat), ("source", _text),
        *_said, *_side,
    ]),
    "rankings": pa.schema([
        ("prompt_id", _text), ("conversation", _text), ("category", _text),
        ("language", _text), ("prompt", _chat), ("answers", pa.list_(_place)),
        ("votes", _number), ("agreement", _number), ("status", _text),
        ("raters", _text), *_side,
    ]),
    "unpaired": pa.schema([
        ("id", _text), ("category", _text), ("language", _text), ("prompt", _chat),
        ("completion", _chat), ("label", _flag), *_side,
    ]),
}  # fmt: skip


class ParquetFile(AbstractContextManager["ParquetFile"]):
    """A context to add rows to; so many are in memory as go into one row group."""

    def __init__(self, path: Path | BinaryIO, schema: pa.Schema) -> None:
        self._schema, self._rows = schema, list[dict[str, Any]]()
        self._out = pq.ParquetWriter(
            path, schema, version="2.6", compression="zstd", compression_level=3,
            use_dictionary=True, write_statistics=True, store_schema=False,
        )  # fmt: skip

    def __exit__(self, *error: object) -> None:
        self._flush()
        self._out.close()

    def add(self, row: dict[str, Any]) -> None:
        self._rows.append(row)
        if len(self._rows) == ROWS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._out.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
            self._rows = []
