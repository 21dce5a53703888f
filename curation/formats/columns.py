"""Rows of a Parquet file, in memory that does not follow from what its footer says.

Texts are read as a dictionary and its places, which is how such a file grows: 900 bytes
can say one text of a megabyte 4,000 times. So how long a batch gets is known before any
of it is spelled out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.errors import BadLine
from curation.formats import jsonl
from curation.formats.budget import COLUMNS_AT_MOST, Budget, TooMuch
from curation.formats.trees import Numbered

ROWS_AT_ONCE = 500
BATCH_AT_MOST = 2**24  # bytes of a batch that are spelled out together
GROUP_AT_MOST = 2**30  # bytes of a row group, unpacked, as the footer has it


def of_parquet(file: BinaryIO, budget: Budget) -> Iterator[Numbered]:
    """Numbered from 1. Such a file is whole or damaged: no row of it is refused."""
    number = 0
    try:
        for batch in _batches(file):
            size = unpacked(batch)
            budget.spend(size)
            for row in _rows(batch, is_large=size > BATCH_AT_MOST):
                number += 1
                yield Numbered(number, {name: _plain(value) for name, value in row.items()})
    except MemoryError as error:
        raise TooMuch("memory") from error
    except (pa.ArrowException, OSError) as error:
        raise BadLine(
            "This is no Parquet file, or it is damaged: %(problem)s", problem=str(error)
        ) from error


def unpacked(column: pa.Array | pa.RecordBatch) -> int:
    """Bytes once all is spelled out: what is said once for many rows counts for each."""
    if isinstance(column, pa.RecordBatch):
        return sum(map(unpacked, column.columns))
    kind = column.type
    if pa.types.is_dictionary(kind):
        if not _is_text(kind.value_type):
            return unpacked(column.dictionary_decode())
        lengths = pc.binary_length(column.dictionary)
        return pc.sum(pc.take(lengths, column.indices)).as_py() or 0
    if pa.types.is_struct(kind):
        return sum(map(unpacked, column.flatten()))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return unpacked(column.flatten())
    found: int = column.nbytes
    return found


def _batches(file: BinaryIO) -> Iterator[pa.RecordBatch]:
    known = pq.read_metadata(file)
    if known.num_columns > COLUMNS_AT_MOST:
        raise BadLine("The table has more than %(most)d columns.", most=COLUMNS_AT_MOST)
    for number in range(known.num_row_groups):
        if known.row_group(number).total_byte_size > GROUP_AT_MOST:
            most = GROUP_AT_MOST // 2**20
            raise BadLine(
                "A row group is larger than %(most)d MiB: write smaller ones.", most=most
            )
    leaves = [known.schema.column(number) for number in range(known.num_columns)]
    texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
    file.seek(0)
    with pq.ParquetFile(file, metadata=known, read_dictionary=texts) as opened:
        yield from opened.iter_batches(ROWS_AT_ONCE, use_threads=False)


def _rows(batch: pa.RecordBatch, *, is_large: bool) -> Iterator[dict[str, Any]]:
    if not is_large:
        yield from batch.to_pylist()
        return
    for place in range(batch.num_rows):
        one = batch.slice(place, 1)
        if unpacked(one) > jsonl.LINE_AT_MOST:
            most = jsonl.LINE_AT_MOST // 1_000_000
            raise BadLine("A row of the table is longer than %(most)d MB.", most=most)
        yield from one.to_pylist()


def _is_text(kind: pa.DataType) -> bool:
    tests = (pa.types.is_string, pa.types.is_binary, pa.types.is_large_string)
    return any(test(kind) for test in tests)


def _plain(value: Any) -> Any:
    """As JSON has it. Bytes are text, as old writers had it, or nothing."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        with suppress(UnicodeDecodeError):
            return value.decode()
        return None
    return value.isoformat() if isinstance(value, date) else str(value)
