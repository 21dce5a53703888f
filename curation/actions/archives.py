"""Archives made in the background: asked for, watched, called off, kept for a week.

The row is the queue: see errands.py. The file lies in a folder of its own among those of
versions, on the disk or in a bucket.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from io import BufferedIOBase
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation import stores
from curation.actions import errands, packing
from curation.actions.errands import Stopped
from curation.actions.rights import require
from curation.errors import CurationError
from curation.models import Archiving, Contributor, Dataset, Event

FILE = "archive.zip"
BEAT_SECONDS = 5.0

State = Archiving.State


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


def open_file(archiving: Archiving) -> BufferedIOBase:
    """The archive from its start, compared with its hash before."""
    try:
        return stores.store().open(archiving.stored_as, FILE)
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
    if not archiving.has_file:
        return
    errands.forget(archiving)
    Event.objects.record("archiving.destroyed", archiving, by=by, dataset=archiving.dataset)


# ---- the worker's side -----------------------------------------------------------------
def run(archiving_id: int) -> None:
    """Make the archive, if this worker is the one that gets to."""
    archiving = errands.claim(Archiving, archiving_id, seen=0, of=0)
    if archiving is None:
        return
    is_made = False
    try:
        with errands.doing(archiving):
            _make(archiving)
            is_made = True
    finally:
        if not is_made:
            archiving.destroy_files()


def _make(archiving: Archiving) -> None:
    aside = Path(settings.VERSIONS_DIR)
    aside.mkdir(parents=True, exist_ok=True)
    # A killed worker's is found by its name: see stores.forget_unfinished().
    unfinished = Path(tempfile.mkdtemp(prefix=stores.UNFINISHED, dir=aside))
    pulse = _Pulse(archiving, unfinished)
    pulse.start()
    try:
        facts = _write(archiving, unfinished, pulse)
        stores.store().keep(archiving.stored_as, unfinished)
    finally:
        pulse.end()
        shutil.rmtree(unfinished, ignore_errors=True)
    errands.write(
        archiving, state=State.DONE, ended_at=now(), seen=pulse.seen, of=pulse.of, **facts
    )


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
    return {"size": (folder / FILE).stat().st_size, "digest": digest}


class _Pulse(Thread):
    """Says that the worker lives and how far it is, by a connection of its own: what is
    archived is read in one transaction, in which nobody else would see it."""

    def __init__(self, archiving: Archiving, folder: Path) -> None:
        super().__init__(daemon=True)
        self._archiving, self._folder = archiving, folder
        self.seen = self.of = 0
        self._over, self._is_lost = Signal(), False

    def tell(self, seen: int, of: int) -> None:
        self.seen, self.of = seen, of
        if self._is_lost:
            raise Stopped

    def end(self) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        try:
            while not self._over.wait(BEAT_SECONDS):
                os.utime(self._folder)  # or it would be taken for a killed worker's
                errands.write(self._archiving, seen=self.seen, of=self.of)
        except Stopped:
            self._is_lost = True
        finally:
            connection.close()
