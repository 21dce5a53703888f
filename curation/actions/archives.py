"""Archives made in the background: asked for, watched, called off, kept for a week.

The row is the queue, as for versions in the making: see freezing.py. The file lies in a
folder of its own among those of versions, on the disk or in a bucket.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from datetime import timedelta
from io import BufferedIOBase
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation import stores
from curation.actions import errands, packing
from curation.actions.rights import require
from curation.errors import CurationError
from curation.models import Archiving, Contributor, Dataset, Event

FILE = "archive.zip"
BEAT_SECONDS = 5.0
SILENT = timedelta(minutes=2)  # a worker that said nothing for so long is gone
ATTEMPTS = 3

State = Archiving.State


class Stopped(Exception):
    """The row is no longer this worker's: called off, or given to another."""


@transaction.atomic
def ask(*, dataset_id: int, has_names: bool, by: Contributor) -> Archiving:
    """Queue an archive. While one is being made, another has to wait."""
    dataset = Dataset.objects.select_for_update(no_key=True).get(pk=dataset_id)
    require(by, dataset)
    if dataset.archivings.active().exists():
        raise CurationError(
            _("An archive of this dataset is being made. Wait for it, or call it off.")
        )
    asked = Archiving.objects.create(dataset=dataset, has_names=has_names, asked_by=by)
    Event.objects.record(
        "archiving.asked", asked, by=by, dataset=dataset, has_names=has_names
    )
    return asked


@transaction.atomic
def cancel(*, archiving_id: int, by: Contributor) -> None:
    """Call it off. Its worker notices within seconds; no file is kept."""
    there = Archiving.objects.select_for_update(of=("self",)).select_related("dataset")
    archiving = there.get(pk=archiving_id)
    require(by, archiving.dataset)
    if archiving.state == State.CANCELLED:
        return
    if not archiving.is_active:
        raise CurationError(_("It has ended already, so there is nothing to call off."))
    archiving.state, archiving.ended_at = State.CANCELLED, now()
    archiving.save(update_fields=["state", "ended_at"])
    Event.objects.record("archiving.cancelled", archiving, by=by, dataset=archiving.dataset)


def open_file(archiving: Archiving) -> BufferedIOBase:
    """The archive from its start, compared with its hash before."""
    try:
        return stores.store().open(archiving.folder, FILE)
    except stores.Spoiled as problem:
        raise CurationError(
            _("The file of this archive is damaged or gone. Make another one.")
        ) from problem


@transaction.atomic
def destroy(*, archiving_id: int, by: Contributor) -> None:
    """Before its week is over."""
    there = Archiving.objects.select_for_update(of=("self",)).select_related("dataset")
    archiving = there.get(pk=archiving_id)
    require(by, archiving.dataset)
    if not archiving.is_kept:
        return
    _forget(archiving)
    Event.objects.record("archiving.destroyed", archiving, by=by, dataset=archiving.dataset)


def forget_outdated() -> None:
    """Files whose week is over."""
    for archiving in Archiving.objects.outdated():
        _forget(archiving)


def forget_all() -> None:
    """Where a person is erased: each may have words or the name of theirs. What is still
    being made is not kept: its worker finds the row ended."""
    Archiving.objects.active().update(
        state=State.FAILED, ended_at=now(), why=errands.ERASED
    )
    for archiving in Archiving.objects.kept():
        _forget(archiving)


def _forget(archiving: Archiving) -> None:
    stores.destroy(archiving.folder)
    Archiving.objects.filter(pk=archiving.pk).update(forgotten_at=now())


# ---- the worker's side -----------------------------------------------------------------
def run(archiving_id: int) -> None:
    """Make the archive, if this worker is the one that gets to."""
    archiving = _claim(archiving_id)
    if archiving is None:
        return
    is_made = False
    try:
        is_made = _make(archiving)
    except Stopped:
        return
    except CurationError as refusal:
        _end(archiving, State.FAILED, why=str(refusal)[:300])
    except Exception:
        _end(
            archiving, State.FAILED, why=gettext_noop("Something went wrong. See the log.")
        )
        raise
    finally:
        if not is_made:
            stores.destroy(archiving.folder)


@transaction.atomic
def take_back_silent() -> list[int]:
    """What waits, and what a worker left lying; after three tries it has failed."""
    running = Archiving.objects.filter(state=State.RUNNING, beat_at__lt=now() - SILENT)
    free = running.select_for_update(skip_locked=True).values_list("pk", flat=True)
    silent = Archiving.objects.filter(pk__in=list(free), state=State.RUNNING)
    silent.filter(attempt__gte=ATTEMPTS).update(
        state=State.FAILED,
        ended_at=now(),
        why=gettext_noop("Three workers were lost over it. See the log."),
    )
    silent.update(state=State.WAITING)
    waiting = Archiving.objects.filter(state=State.WAITING)
    return list(waiting.values_list("pk", flat=True))


def _claim(archiving_id: int) -> Archiving | None:
    claimed = Archiving.objects.filter(pk=archiving_id, state=State.WAITING).update(
        state=State.RUNNING, attempt=F("attempt") + 1, beat_at=now(), done=0, of=0
    )
    if not claimed:
        return None
    there = Archiving.objects.select_related("dataset", "asked_by")
    return there.get(pk=archiving_id)


def _make(archiving: Archiving) -> bool:
    """Whether it is there in the end, and not called off meanwhile."""
    aside = Path(settings.VERSIONS_DIR)
    aside.mkdir(parents=True, exist_ok=True)
    # A killed worker's is found by its name: see stores.forget_unfinished().
    unfinished = Path(tempfile.mkdtemp(prefix=stores.UNFINISHED, dir=aside))
    pulse = _Pulse(archiving, unfinished)
    pulse.start()
    try:
        facts = _write(archiving, unfinished, pulse)
        stores.store().keep(archiving.folder, unfinished)
    finally:
        pulse.end()
        shutil.rmtree(unfinished, ignore_errors=True)
    return _end(archiving, State.MADE, done=pulse.done, of=pulse.of, **facts)


def _write(archiving: Archiving, folder: Path, pulse: _Pulse) -> dict[str, Any]:
    with (folder / FILE).open("w+b") as out:
        packing.pack(
            dataset=archiving.dataset,
            out=out,
            by=archiving.asked_by,
            has_names=archiving.has_names,
            tell=pulse.tell,
        )
        out.seek(0)
        digest = hashlib.file_digest(out, "sha256").hexdigest()
    (folder / stores.MANIFEST).write_text(json.dumps({"files": {FILE: digest}}))
    return {"size": (folder / FILE).stat().st_size, "sha256": digest}


def _mine(archiving: Archiving) -> Q:
    return Q(pk=archiving.pk, state=State.RUNNING, attempt=archiving.attempt)


def _end(archiving: Archiving, state: str, **facts: Any) -> bool:
    mine = Archiving.objects.filter(_mine(archiving))
    return bool(mine.update(state=state, ended_at=now(), **facts))


class _Pulse(Thread):
    """Says that the worker lives and how far it is, by a connection of its own: what is
    archived is read in one transaction, in which nobody else would see it."""

    def __init__(self, archiving: Archiving, folder: Path) -> None:
        super().__init__(daemon=True)
        self._folder = folder
        self.done = self.of = 0
        self._mine, self._over, self._is_lost = _mine(archiving), Signal(), False

    def tell(self, done: int, of: int) -> None:
        self.done, self.of = done, of
        if self._is_lost:
            raise Stopped

    def end(self) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        try:
            while not self._over.wait(BEAT_SECONDS):
                os.utime(self._folder)  # or it would be taken for a killed worker's
                mine = Archiving.objects.filter(self._mine)
                if not mine.update(beat_at=now(), done=self.done, of=self.of):
                    self._is_lost = True
                    return
        finally:
            connection.close()
