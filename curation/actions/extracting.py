"""A dataset's record, or a version of it, as a file in a format of others: asked for by a
curator, written by a worker, fetched in parts. The row is the queue: see errands.py."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation import forest
from curation.actions import errands
from curation.actions.rights import require
from curation.collector import spared
from curation.errors import CurationError
from curation.formats import written
from curation.formats.pseudonyms import Pseudonyms
from curation.formats.registry import WRITTEN
from curation.formats.trees import Terms
from curation.models import Contributor, Dataset, DatasetVersion, Event, Extract

SECONDS = 1.0  # between two signs of life
FILE = "file"
LOOKED_AT = 5  # rows

State = Extract.State


class Wanted(NamedTuple):
    """What is to be written, and how; `version` None is the record as it is."""

    format: str
    kind: str
    version: DatasetVersion | None = None
    pairs: str = "all"
    is_undecided: bool = False
    is_renamed: bool = True


@transaction.atomic
def ask(*, dataset: Dataset, by: Contributor, wanted: Wanted) -> Extract:
    """Queue it. It is noted in the history that it went out."""
    require(by, dataset)
    format = WRITTEN.get(wanted.format)
    if format is None or wanted.kind not in format.files:
        raise CurationError(_("This format is not written into such a file."))
    if wanted.version is not None and wanted.version.dataset_id != dataset.pk:
        raise CurationError(_("This version is of another dataset."))
    found = Extract.objects.create(dataset=dataset, asked_by=by, **wanted._asdict())
    Event.objects.record(
        "data.exported", dataset, by=by, dataset=dataset, format=wanted.format,
        states=sorted(_states(found)), is_renamed=wanted.is_renamed, extract=found.pk,
        **({"version": wanted.version.number} if wanted.version else {}),
    )  # fmt: skip
    return found


def rows(
    found: Extract, told: forest.Told = lambda count: None
) -> Iterator[dict[str, Any]]:
    """What its file has, a stream; also of one that is not kept, to look at its first."""
    names = Pseudonyms(bytes(found.key)) if found.is_renamed else None
    return forest.rows(
        found.dataset,
        WRITTEN[found.format],
        Terms(pairs=found.pairs, names=names),  # type: ignore[arg-type]
        states=_states(found),
        version=found.version,
        told=told,
    )


def first_rows(dataset: Dataset, wanted: Wanted) -> list[dict[str, Any]]:
    """Under names of their own."""
    return list(islice(rows(Extract(dataset=dataset, **wanted._asdict())), LOOKED_AT))


def run(extract_id: int) -> None:
    """Write it, if this worker is the one that gets to."""
    found = errands.claim(Extract, extract_id)
    if found is None:
        return
    found.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = found.folder / f"part-{found.attempt}"
    try:
        with errands.doing(found), spared():
            _write(found, part)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def _write(found: Extract, part: Path) -> None:
    errands.write(found, of=forest.conversations(found.dataset, found.version).count())
    teller = _Teller(found)
    with part.open("wb") as file:
        out = cast(BinaryIO, file)
        there = teller.counted(rows(found, teller.told))
        written.write(out, there, WRITTEN[found.format], found.kind)  # type: ignore[arg-type]
    # Where somebody was erased meanwhile, row and folder are gone: that is noticed here.
    errands.write(found, seen=teller.seen, rows=teller.rows)
    with part.open("rb") as done:
        digest = hashlib.file_digest(done, "sha256").hexdigest()
    size = part.stat().st_size
    with transaction.atomic():
        errands.write(
            found, state=State.DONE, ended_at=now(), seen=teller.seen, rows=teller.rows,
            size=size, digest=digest,
        )  # fmt: skip
        part.replace(found.folder / FILE)


class _Teller:
    """How far it is, once a second."""

    def __init__(self, found: Extract) -> None:
        self.found, self.seen, self.rows = found, 0, 0
        self.told_at = time.monotonic()

    def told(self, seen: int) -> None:
        self.seen = seen
        if time.monotonic() > self.told_at + SECONDS:
            errands.write(self.found, seen=seen, rows=self.rows)
            self.told_at = time.monotonic()

    def counted(self, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for row in rows:
            self.rows += 1
            yield row


def _states(found: Extract) -> tuple[str, ...]:
    return forest.JUDGED if found.is_undecided else forest.ACCEPTED
