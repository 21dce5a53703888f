"""Files that people import in the browser: kept, looked at, and taken in by a worker.

The row is the queue: see errands.py. How far a file is stands in it, written in the
transaction of each batch, so a worker that dies leaves nothing half done and nothing to be
done twice.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from io import BufferedIOBase
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation import stores, unfolded, wording
from curation.actions import errands, imports, writing
from curation.actions.arrivals import Report
from curation.actions.rights import require
from curation.ahead import ReadAhead
from curation.collector import spared
from curation.errors import BadLine, CurationError
from curation.formats.registry import FORMATS
from curation.formats.trees import Numbered, Refuse
from curation.models import Contributor, Dataset, Event, Import, Refusal

ROWS = "rows.jsonl"
REFUSALS_KEPT = 100_000
SECONDS = 1.0  # between two signs of life
COUNTED = ("conversations", "messages", "rankings", "unchanged")

State = Import.State


def receive(
    *, dataset: Dataset, by: Contributor, name: str, content: Iterable[bytes]
) -> Import:
    """Keep a file and look at its first rows. Nothing of it is in the record yet."""
    require(by, dataset)
    found = Import(dataset=dataset, asked_by=by, state=State.CHOOSING)
    found.file_name = re.sub(r"[^\w .()+-]", "_", name)[-120:] or "file"
    with stores.aside() as folder:
        found.size = _write(folder / unfolded.FILE, content)
        seen = unfolded.look(folder, found.file_name)
        if seen.problem:
            raise CurationError(wording.told(seen.problem, seen.facts))
        if not seen.rows:
            raise CurationError(_("The file has no rows that can be read."))
        found.kind, found.encoding = seen.kind, seen.encoding
        _keep(found, folder)
    return found


def open_first(found: Import) -> BufferedIOBase:
    """Its first rows as they were unfolded when it came."""
    with stores.whole():
        return stores.store().open(found.stored_as, unfolded.FIRST)


def _keep(found: Import, folder: Path) -> None:
    """The row is there before its file, so that no file is without one for ever."""
    stores.seal(folder)
    found.save(force_insert=True)
    try:
        stores.store().keep(found.stored_as, folder)
    except BaseException:
        # What came of it goes with the row's files: now, perhaps nobody answers.
        why = gettext_noop("The file could not be kept. Send it once more.")
        rows = Import.objects.filter(pk=found.pk)
        rows.update(state=State.FAILED, why=why, ended_at=now())
        raise


def _write(path: Path, content: Iterable[bytes]) -> int:
    at_most = settings.IMPORT_MEGABYTES * 1_000_000
    size = 0
    with path.open("xb") as file:
        for part in content:
            size += len(part)
            if size > at_most:
                said = _("The file is larger than %(count)d MB: divide it.")
                raise CurationError(said % {"count": settings.IMPORT_MEGABYTES})
            file.write(part)
    return size


@transaction.atomic
def start(
    *,
    import_id: int,
    by: Contributor,
    format: str,
    mapping: Mapping[str, str],
    as_state: str,
) -> Import:
    """Queue it. While one is taken in, another has to wait."""
    found = Import.objects.select_related("dataset").get(pk=import_id)
    Dataset.objects.select_for_update(no_key=True).get(pk=found.dataset_id)
    imports.begin(dataset=found.dataset, format=format, by=by, as_state=as_state)
    found = Import.objects.select_for_update().get(pk=import_id)
    if found.state != State.CHOOSING:
        raise CurationError(_("This file was started already."))
    if Import.objects.active().filter(dataset=found.dataset_id):
        raise CurationError(
            _("Another file is being imported here. Wait for it, or call it off.")
        )
    fields = {field.name for field in FORMATS[format].fields}
    found.mapping = {name: column for name, column in mapping.items() if name in fields}
    found.format, found.as_state, found.state = format, as_state, State.WAITING
    found.beat_at = now()  # since when it waits
    found.save(update_fields=["mapping", "format", "as_state", "state", "beat_at"])
    Event.objects.record("import.asked", found, by=by, dataset=found.dataset)
    return found


def run(import_id: int) -> None:
    """Take it in, if this worker is the one that gets to."""
    found = errands.claim(Import, import_id)
    if found is None:
        return
    try:
        with errands.doing(found), spared():
            _take(found)
    finally:
        shutil.rmtree(found.folder, ignore_errors=True)


def _unfold(found: Import) -> None:
    """All rows as plain lines: the limits are known to hold before any of them is taken."""
    watch, own = partial(errands.write, found), found.folder
    with stores.whole(), writing.Pulse(found, own):
        file = stores.store().folder(found.stored_as, copies=own) / unfolded.FILE
    seen = unfolded.unfold(file, own / ROWS, found.file_name, watch)
    if seen.problem:
        raise BadLine(seen.problem, **seen.facts)
    errands.write(found, of=seen.rows + seen.refused)


def _take(found: Import) -> None:
    counted = {name: getattr(found, name) for name in COUNTED}
    report = Report(**counted, bad=found.refused, kept=REFUSALS_KEPT)
    job = imports.begin(
        dataset=found.dataset,
        format=found.format,
        by=found.asked_by,
        as_state=found.as_state,
        report=report,
    )
    track = _Track(found, report)
    parts = imports.batches(
        job, track.rows, found.format, found.mapping,
        besides=found.trees, refuse=track.refuse,
    )  # fmt: skip
    found.folder.mkdir(parents=True, mode=0o700)
    with ReadAhead(parts, waiting=track.tell, seconds=SECONDS) as coming, track:
        coming.begin()  # with the rows that are there, while more are unfolded
        _unfold(found)
        track.is_unfolded = True
        job = replace(job, meanwhile=coming.begin)
        while (batch := coming.next()) is not None:
            track.catch_up()
            with transaction.atomic():
                imports.take(job, batch, found.format)
                track.note(trees=batch.lines)
    track.catch_up()
    with transaction.atomic():
        imports.end(job, found.format, found.file_name)
        track.note(trees=0, state=State.DONE, ended_at=now())


class _Track:
    """How far a file is: told with each batch, and gone on from by the next worker.

    A file is always read from its start, so that its rows are put together in the same
    way; what is in the record already is passed over, refusals by their number, too.
    """

    def __init__(self, found: Import, report: Report) -> None:
        self.found, self.report = found, report
        self.trees, self.noted = found.trees, found.refused
        self.seen = self.misread = 0
        # What a thread has read since is told with the next batch, not with this one.
        self.read, self.ahead = 0, Report(kept=REFUSALS_KEPT)
        self.is_unfolded = self.is_over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.is_over = True

    def rows(self, refuse: Refuse) -> Iterator[Numbered]:
        """Read by a thread. Nobody waits for more of it than a row once all is over."""
        lines = unfolded.lines_of(
            self.found.folder / ROWS, lambda: self.is_unfolded or self.is_over
        )
        for row in unfolded.read(lines, refuse):
            if self.is_over:
                return
            self.read += 1
            yield row

    def refuse(self, number: int, why: BadLine) -> None:
        """What the reader cannot take."""
        self.ahead.refuse(number, why)

    def catch_up(self) -> None:
        """Of what was read by now. Of refusals each is told once in all."""
        ahead, self.ahead = self.ahead, Report(kept=REFUSALS_KEPT)
        told = min(ahead.bad, max(0, self.found.misread - self.misread))
        self.report.add(ahead.bad - told, ahead.problems[told:])
        self.seen, self.misread = self.read, self.misread + ahead.bad

    def note(self, *, trees: int, **fields: Any) -> None:
        """With what was just taken, in its transaction."""
        self.trees += trees
        self._note_refusals()
        errands.write(
            self.found,
            trees=self.trees,
            seen=max(self.seen, self.found.seen),
            misread=max(self.misread, self.found.misread),
            refused=self.report.bad,
            **{name: getattr(self.report, name) for name in COUNTED},
            **fields,
        )

    def tell(self) -> None:
        """A sign of life between batches, too: of a file nothing of which can be taken."""
        errands.write(self.found, seen=max(self.read, self.found.seen))

    def _note_refusals(self) -> None:
        room = max(0, REFUSALS_KEPT - self.noted)
        problems, self.report.problems = self.report.problems, []
        Refusal.objects.bulk_create(
            (Refusal(of=self.found, line=line, reason=reason, facts=facts)
             for line, reason, facts in problems[:room]),
            batch_size=2_000,
        )  # fmt: skip
        self.noted = self.report.bad
