"""Files that workers write and people fetch: made aside, then kept for some days.

The row is the queue: see errands.py. Each file lies in a folder of its own among those of
versions, on the disk or in a bucket: see stores.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from io import BufferedIOBase
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Any, BinaryIO, Self, TypeAlias, TypeVar

from django.db import connection
from django.utils.timezone import now

from curation import stores
from curation.actions import errands
from curation.actions.errands import Stopped
from curation.errors import Unavailable
from curation.models.errands import Errand, Written

BEAT_SECONDS = 2.0

Row = TypeVar("Row", bound=Written)
Tell: TypeAlias = Callable[[int, int], None]  # how far it is, and of how many


def open_file(found: Written) -> BufferedIOBase:
    """From its start, compared with its hash before."""
    with stores.whole():
        return stores.store().open(found.stored_as, found.FILE)


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
            with suppress(Unavailable):  # it goes with the next attempt's, or by the clock
                found.destroy_files()


def _make(found: Row, write: Callable[[Row, BinaryIO, Tell], dict[str, Any]]) -> None:
    with stores.aside() as folder, Pulse(found, folder) as pulse:
        with (folder / found.FILE).open("w+b") as out:
            facts = write(found, out, pulse.tell)
        size = (folder / found.FILE).stat().st_size
        digest = stores.seal(folder)[found.FILE]
        stores.store().keep(found.stored_as, folder)
    errands.write(
        found, state=Written.State.DONE, ended_at=now(), seen=pulse.seen, of=pulse.of,
        size=size, digest=digest, **facts,
    )  # fmt: skip


class Pulse(Thread):
    """Says that the worker lives and how far it is, by a connection of its own: what is
    archived is read in one transaction, in which nobody else would see it, and while a file
    goes into a bucket or comes from one nothing is read."""

    def __init__(self, found: Errand, folder: Path) -> None:
        super().__init__(daemon=True)
        self._found, self._folder = found, folder
        self.seen, self.of = found.seen, found.of
        self._over, self._is_lost = Signal(), False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._over.set()
        self.join()

    def tell(self, seen: int, of: int) -> None:
        self.seen, self.of = seen, of
        if self._is_lost:
            raise Stopped

    def run(self) -> None:
        try:
            while not self._over.wait(BEAT_SECONDS):
                os.utime(self._folder)  # or it would be taken for a killed worker's
                errands.write(self._found, seen=self.seen, of=self.of)
        except Stopped:
            self._is_lost = True
        finally:
            connection.close()
