"""Files that workers write and people fetch: made aside, then kept for some days.

The row is the queue: see errands.py. Each file lies in a folder of its own among those of
versions, on the disk or in a bucket: see stores.py.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from io import BufferedIOBase
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Any, BinaryIO, TypeAlias, TypeVar

from django.conf import settings
from django.db import connection
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation import stores
from curation.actions import errands
from curation.actions.errands import Stopped
from curation.errors import CurationError
from curation.models.errands import Written

BEAT_SECONDS = 2.0

Row = TypeVar("Row", bound=Written)
Tell: TypeAlias = Callable[[int, int], None]  # how far it is, and of how many


def open_file(found: Written) -> BufferedIOBase:
    """From its start, compared with its hash before."""
    try:
        return stores.store().open(found.stored_as, found.FILE)
    except stores.Spoiled as problem:
        raise CurationError(
            _("The file is damaged or gone. Ask for it once more.")
        ) from problem


def run(
    model: type[Row], pk: int, write: Callable[[Row, BinaryIO, Tell], dict[str, Any]]
) -> None:
    """Have `write` do it, if this worker is the one that gets to. What it gives back is
    written into the row, too."""
    found = errands.claim(model, pk, seen=0, of=0)
    if found is None:
        return
    is_made = False
    try:
        with errands.doing(found):
            _make(found, write)
            is_made = True
    finally:
        if not is_made:
            found.destroy_files()


def _make(found: Row, write: Callable[[Row, BinaryIO, Tell], dict[str, Any]]) -> None:
    aside = Path(settings.VERSIONS_DIR)
    aside.mkdir(parents=True, exist_ok=True)
    # A killed worker's is found by its name: see stores.forget_unfinished().
    unfinished = Path(tempfile.mkdtemp(prefix=stores.UNFINISHED, dir=aside))
    pulse = Pulse(found, unfinished)
    pulse.start()
    try:
        path = unfinished / found.FILE
        with path.open("w+b") as out:
            facts = write(found, out, pulse.tell)
        with path.open("rb") as done:
            digest = hashlib.file_digest(done, "sha256").hexdigest()
        size = path.stat().st_size
        told = {"files": {found.FILE: digest}}
        (unfinished / stores.MANIFEST).write_text(json.dumps(told))
        stores.store().keep(found.stored_as, unfinished)
    finally:
        pulse.end()
        shutil.rmtree(unfinished, ignore_errors=True)
    errands.write(
        found, state=Written.State.DONE, ended_at=now(), seen=pulse.seen, of=pulse.of,
        size=size, digest=digest, **facts,
    )  # fmt: skip


class Pulse(Thread):
    """Says that the worker lives and how far it is, by a connection of its own: what is
    archived is read in one transaction, in which nobody else would see it, and while a file
    goes into a bucket nothing is read."""

    def __init__(self, found: Written, folder: Path) -> None:
        super().__init__(daemon=True)
        self._found, self._folder = found, folder
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
                errands.write(self._found, seen=self.seen, of=self.of)
        except Stopped:
            self._is_lost = True
        finally:
            connection.close()
