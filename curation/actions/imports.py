"""Files from outside become conversations: trees, pairs, answers of models.

A file is read in batches, and a batch is one transaction. A second import of the same file
adds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple

from django.db import transaction

from curation.actions import arrivals, searches
from curation.actions.arrivals import Job, Line, Report
from curation.actions.people import require
from curation.errors import BadLine, CurationError
from curation.formats import dolly, jsonl, oasst, responses
from curation.models import Contributor, Dataset, Event, Message

LINES_AT_ONCE = 2_000
BYTES_AT_ONCE = 8_000_000

State = Message.State


class Format(NamedTuple):
    title: str
    parse: Callable[[str], Any]
    take: Callable[[Job, list[Line]], None]


def import_lines(
    *,
    dataset: Dataset,
    lines: Iterable[bytes],
    format: str,
    by: Contributor,
    as_state: str = State.ACCEPTED,
    file_name: str = "",
) -> Report:
    """Take a file line by line. What is wrong with a line is reported, and no more.

    `as_state` is `accepted`, or `submitted` to have people review everything first.
    """
    require(by, dataset)
    _check(dataset, format, as_state)
    parse, take = FORMATS[format].parse, FORMATS[format].take
    job = Job(dataset=dataset, by=by, state=as_state, report=Report())
    for batch in _batches(lines):
        found = list(_parsed(job, batch, parse))
        with transaction.atomic():
            # Two imports into one dataset take turns: neither sees half of the other.
            Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
            take(job, found)
    facts: dict[str, Any] = {"file": file_name, "format": format, **job.report.counts()}
    Event.objects.record("import.finished", dataset, by=by, dataset=dataset, **facts)
    if job.report.conversations:  # nobody compared them with others as they came
        searches.want(dataset=dataset, by=by)
    return job.report


def _check(dataset: Dataset, format: str, as_state: str) -> None:
    if format not in FORMATS:
        raise CurationError(f"There is no format “{format}”. Choose {', '.join(FORMATS)}.")
    if as_state not in (State.ACCEPTED, State.SUBMITTED):
        raise CurationError("What is imported arrives as “accepted” or as “submitted”.")
    if format == "oasst" and dataset.is_pairs:
        raise CurationError(
            f"{dataset} holds pairs, and Open Assistant's trees are conversations: "
            "import them into a dataset of conversations."
        )


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file, none much longer than is allowed, however long it is."""
    limit = jsonl.LINE_AT_MOST + 2
    while line := file.readline(limit):
        yield line
        while len(line) == limit and not line.endswith(b"\n"):
            line = file.readline(limit)


def _batches(lines: Iterable[bytes]) -> Iterator[list[tuple[int, bytes]]]:
    batch: list[tuple[int, bytes]] = []
    size = 0
    for number, line in enumerate(lines, start=1):
        batch.append((number, line))
        size += len(line)
        if len(batch) == LINES_AT_ONCE or size > BYTES_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _parsed(
    job: Job, batch: list[tuple[int, bytes]], parse: Callable[[str], Any]
) -> Iterator[Line]:
    for number, line in batch:
        try:
            spelled = jsonl.decoded(line.strip())
            if spelled:
                yield Line(number, parse(spelled))
        except BadLine as problem:
            job.report.refuse(number, problem)


FORMATS = {
    "oasst": Format("Open Assistant trees", oasst.parse, arrivals.take_trees),
    "dolly": Format("Dolly pairs", dolly.parse, arrivals.take_pairs),
    "responses": Format("Responses of models", responses.parse, arrivals.take_responses),
}
