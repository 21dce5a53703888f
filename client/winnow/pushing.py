"""What goes in: models' answers to be ranked, and rows of other records, in batches."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from winnow.errors import WinnowError
from winnow.wire import Wire

CANDIDATES_AT_ONCE, ROWS_AT_ONCE = 500, 2_000
BYTES_AT_ONCE = 1_000_000  # of JSON: servers take no request of more than a few of them
Row = dict[str, Any]


class Candidate(NamedTuple):
    """A model's answer to an accepted prompt, which is known by its `uid`."""

    prompt: str
    text: str


@dataclass
class Offered:
    """What became of candidates. Refused is what is empty, there already, or to a prompt
    that takes none."""

    taken: int = 0
    refused: int = 0


@dataclass
class Report:
    """What became of rows. Each of the `problems` names a line, from 1, and the reason."""

    conversations: int = 0
    messages: int = 0
    rankings: int = 0
    unchanged: int = 0
    bad: int = 0
    problems: list[Row] = field(default_factory=list)


def push_candidates(
    wire: Wire, path: str, generator: str, candidates: Iterable[Candidate]
) -> Offered:
    total = Offered()
    sent = ({"prompt": str(prompt), "text": text} for prompt, text in candidates)
    with telling(total):
        for batch in batches(sent, CANDIDATES_AT_ONCE):
            told = wire.post(path, {"generator": generator, "candidates": batch})
            total.taken += told["taken"]
            total.refused += told["refused"]
    return total


def push_rows(
    wire: Wire, path: str, numbered: Iterable[tuple[int, Mapping[str, Any]]], facts: Row
) -> Report:
    """Rows with their lines."""
    total, lines = Report(), deque[int]()

    def rows() -> Iterator[Row]:
        for number, row in numbered:
            lines.append(number)
            yield dict(row)

    with telling(total):
        for batch in batches(rows(), ROWS_AT_ONCE):
            here = [lines.popleft() for _ in batch]
            told = wire.post(path, facts | {"rows": batch})
            for name in ("conversations", "messages", "rankings", "unchanged", "bad"):
                setattr(total, name, getattr(total, name) + told[name])
            total.problems += [
                {**one, "line": here[one["line"] - 1]} for one in told["problems"]
            ]
    return total


@contextmanager
def telling(total: Offered | Report) -> Iterator[None]:
    """An error has with it what was taken before: `so_far`."""
    try:
        yield
    except WinnowError as error:
        error.so_far = total
        raise


def batches(rows: Iterable[Row], at_once: int) -> Iterator[list[Row]]:
    """As many as one request takes."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        length = len(json.dumps(row)) + 2
        if batch and (len(batch) == at_once or size + length > BYTES_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += length
    if batch:
        yield batch


def rows_of(path: Path) -> Iterator[tuple[int, Row]]:
    """A JSON object a line, with the number of the line."""
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise WinnowError(f"{path}, line {number}: no JSON ({error}).") from error
            if not isinstance(row, dict):
                raise WinnowError(f"{path}, line {number}: no JSON object.")
            yield number, row
