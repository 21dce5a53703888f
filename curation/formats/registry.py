"""The formats that come in and go out: by name, and which of them a file may be in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from curation.errors import BadLine
from curation.formats import (
    alpaca,
    chat,
    comparisons,
    completions,
    dolly,
    oasst,
    oasst_messages,
    responses,
)
from curation.formats.format import Format
from curation.formats.rows import named
from curation.formats.trees import Numbered

# Of formats that take the same rows the first one is the likelier.
FORMATS: dict[str, Format] = {
    one.key: one
    for one in (
        oasst.TREE,
        oasst_messages.FORMAT,
        dolly.FORMAT,
        alpaca.FORMAT,
        chat.MESSAGES,
        chat.SHAREGPT,
        completions.FORMAT,
        comparisons.FORMAT,
        completions.UNPAIRED,
        responses.FORMAT,
    )
}
WRITTEN = {key: one for key, one in FORMATS.items() if one.write is not None}
PLAINEST = dolly.FORMAT  # a prompt and its answer: where the columns tell nothing
LOOKED_AT = 20  # rows
GUESSED = 0.6  # of the confidence is left where columns have other names


class Guess(NamedTuple):
    """A format that a file may be in. `refused` is what it would not take, by number."""

    format: Format
    confidence: float  # 0 to 1
    mapping: dict[str, str]  # the column of each field, where they are called otherwise
    unread: list[str]  # that it has no use for
    taken: int  # of the rows that were looked at
    looked_at: int
    refused: dict[int, str]


def detect(rows: Sequence[Numbered]) -> list[Guess]:
    """The formats that take any of the first rows, the likeliest first."""
    first = list(rows[:LOOKED_AT])
    guesses = (look(first, one) for one in FORMATS.values())
    likely = [one for one in guesses if one.confidence > 0]
    return sorted(likely, key=lambda one: -one.confidence)


def look(
    rows: Sequence[Numbered], format: Format, mapping: Mapping[str, str] | None = None
) -> Guess:
    """What a format makes of rows, by a mapping or one that is guessed."""
    columns = list(dict.fromkeys(name for row in rows for name in row.fields))
    used = suggested(format, columns) if mapping is None else dict(mapping)
    refused: dict[int, str] = {}

    def refuse(number: int, why: BadLine) -> None:
        refused[number] = str(why)

    for _line in format.read(named(rows, format, used), refuse):
        pass
    read = [one.name for one in format.fields if one.name in columns or one.name in used]
    from_columns = {used.get(name, name) for name in read}
    unread = [name for name in columns if name not in from_columns]
    taken = len(rows) - len(refused)
    share = taken / len(rows) if rows else 0.0
    known = (len(columns) - len(unread)) / len(columns) if columns else 0.0
    guessed = GUESSED if used else 1.0
    return Guess(
        format, round(share * known * guessed, 2), used,
        unread, taken, len(rows), refused,
    )  # fmt: skip


def suggested(format: Format, columns: Iterable[str]) -> dict[str, str]:
    """For each field that no column is called after: one that others call it by."""
    there = {name.strip().casefold(): name for name in columns}
    found: dict[str, str] = {}
    free = {name for name in there.values() if format.field(name) is None}
    for field in format.fields:
        if field.name in there.values():
            continue
        for called in (field.name, *field.also):
            column = there.get(called.casefold())
            if column in free:
                found[field.name] = column
                free.discard(column)
                break
    return found
