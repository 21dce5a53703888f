"""Files from outside become conversations: trees, pairs, chats, answers of models.

A file is read in batches, and a batch is one transaction. A second import of the same file
adds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from django.db import transaction

from curation.actions import searches
from curation.actions.answering import take_responses
from curation.actions.arrivals import Job, Report
from curation.actions.planting import take_trees
from curation.actions.plants import plants
from curation.actions.rights import require
from curation.errors import BadLine, CurationError
from curation.formats import rows as files
from curation.formats.registry import FORMATS
from curation.formats.trees import Line, Refuse, Rows, Tree, nodes
from curation.models import Contributor, Dataset, Event, Message

LINES_AT_ONCE = 1_000
CHARACTERS_AT_ONCE = 8_000_000

State = Message.State


class Batch(NamedTuple):
    """What one transaction takes."""

    lines: int  # that are in it: trees, or what else a format has
    ready: Any  # what follows from them alone: see Way


class Way(NamedTuple):
    """How lines of a format come into the record: first without a query, then by many."""

    ready: Callable[[Job, list[Line]], Any]
    take: Callable[[Job, Any], None]


TREES = Way(plants, take_trees)
WAYS = {"responses": Way(lambda _job, lines: lines, take_responses)}  # others are TREES


def import_lines(
    *,
    dataset: Dataset,
    lines: Iterable[bytes],
    format: str,
    by: Contributor,
    as_state: str = State.ACCEPTED,
    file_name: str = "",
) -> Report:
    """Take a file with a JSON object a line. See `import_rows`."""
    return import_rows(
        dataset=dataset,
        rows=partial(files.of_lines, lines),
        format=format,
        by=by,
        as_state=as_state,
        file_name=file_name,
    )


def import_rows(
    *,
    dataset: Dataset,
    rows: Callable[[Refuse], Rows],
    format: str,
    by: Contributor,
    as_state: str = State.ACCEPTED,
    file_name: str = "",
    mapping: Mapping[str, str] | None = None,
) -> Report:
    """Take a file row by row. What is wrong with a row is reported, and no more.

    `rows` are opened with what a row is refused by; `mapping` is the column of each field
    that is called otherwise. `as_state` is `accepted`, or `submitted` to have people
    review everything first.
    """
    job = begin(dataset=dataset, format=format, by=by, as_state=as_state)
    for batch in batches(job, rows, format, mapping):
        with transaction.atomic():
            take(job, batch, format)
    end(job, format, file_name)
    return job.report


# ---- the same in steps, for who keeps track of them --------------------------------------
def begin(
    *,
    dataset: Dataset,
    format: str,
    by: Contributor,
    as_state: str,
    report: Report | None = None,
) -> Job:
    """What goes through the whole file, if it may be taken at all."""
    require(by, dataset)
    _check(dataset, format, as_state)
    return Job(dataset=dataset, by=by, state=as_state, report=report or Report())


def take(job: Job, batch: Batch, format: str) -> None:
    """Write a batch, inside the caller's transaction."""
    # Two imports into one dataset take turns: neither sees half of the other.
    Dataset.objects.select_for_update(no_key=True).get(pk=job.dataset.pk)
    WAYS.get(format, TREES).take(job, batch.ready)


def end(job: Job, format: str, file_name: str) -> None:
    """Note it in the history. Nobody compared what came with what was there: wanted now."""
    dataset = job.dataset
    facts: dict[str, Any] = {"file": file_name, "format": format, **job.report.counts()}
    Event.objects.record("import.finished", dataset, by=job.by, dataset=dataset, **facts)
    if job.report.conversations:
        searches.want(dataset=dataset, by=job.by)


def _check(dataset: Dataset, format: str, as_state: str) -> None:
    if format not in FORMATS:
        raise CurationError(f"There is no format “{format}”. Choose {', '.join(FORMATS)}.")
    if as_state not in (State.ACCEPTED, State.SUBMITTED):
        raise CurationError("What is imported arrives as “accepted” or as “submitted”.")
    if FORMATS[format].is_of_trees and dataset.is_pairs:
        raise CurationError(
            f"{dataset} holds pairs, and Open Assistant's trees are conversations: "
            "import them into a dataset of conversations."
        )


def batches(
    job: Job,
    rows: Callable[[Refuse], Rows],
    format: str,
    mapping: Mapping[str, str] | None,
    *,
    besides: int = 0,
    refuse: Refuse | None = None,
) -> Iterator[Batch]:
    """What is in a file, so much at a time as one transaction takes. No query.

    The first `besides` trees are passed over: they are in the record. `refuse` is called
    with what cannot be read, else the job's report is.
    """
    ready = WAYS.get(format, TREES).ready
    batch: list[Line] = []
    size = 0
    lines = _lines(rows, format, mapping, refuse or job.report.refuse)
    for line in islice(lines, besides, None):
        batch.append(line)
        size += _length(line)
        if len(batch) == LINES_AT_ONCE or size > CHARACTERS_AT_ONCE:
            yield Batch(len(batch), ready(job, batch))
            batch, size = [], 0
    if batch:
        yield Batch(len(batch), ready(job, batch))


def _lines(
    rows: Callable[[Refuse], Rows],
    format: str,
    mapping: Mapping[str, str] | None,
    refuse: Refuse,
) -> Iterator[Line]:
    """What is read of the file, up to where it cannot be read on."""
    known = FORMATS[format]

    def readable() -> Rows:
        last = 0
        try:
            for row in rows(refuse):
                last = row.number
                yield row
        except BadLine as problem:
            refuse(last + 1, problem)

    found = files.named(readable(), known, mapping)
    return known.read(found, files.by_column(refuse, mapping))


def _length(line: Line) -> int:
    """About how many characters it is."""
    if not isinstance(line.found, Tree):
        return sum(map(len, line.found))
    return sum(len(node.text) + len(node.context) for node, _ in nodes(line.found.root))
