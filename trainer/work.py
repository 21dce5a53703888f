"""One attempt of a claimed row: its folder, its files, the children that do the work."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from django.db import InterfaceError, OperationalError, connection
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_noop

from curation import handoff
from curation.errors import CurationError
from trainer import child, estimates, out_of_memory, space
from trainer.actions import fence
from trainer.errors import OutOfMemory, TrainingFailed
from trainer.models import Run
from trainer.models.fenced import Fenced
from trainer.peak import Peak
from trainer.watch import Watch

WRITE_EVERY = 1.0
COPIES = "data"  # of a version's files, where they are kept elsewhere
NO_MEMORY = gettext_noop(
    "It ran out of memory, with half as many examples at once too. Take a smaller base "
    "model, shorter examples, or a machine with more memory."
)
NO_MEMORY_FOR_ONE = gettext_noop(
    "It ran out of memory, and nothing can be taken in smaller parts. Take a smaller base "
    "model, shorter examples, or a machine with more memory."
)
NOT_THE_VERSION = gettext_noop("The version is not the one that this run was asked for.")

R = TypeVar("R", bound=Fenced)
Event = dict[str, Any]


@dataclass(frozen=True)
class Work(Generic[R]):
    """`row` is claimed; `data` holds the version's files, compared with their hashes."""

    row: R
    folder: Path
    data: Path
    watch: Watch

    def recipe(
        self,
        name: str,
        config: dict[str, Any],
        *,
        take: Callable[[Event | None], None] | None = None,
        threads: int = 1,
        pause: float = 1.0,
    ) -> None:
        """Run a recipe to its end; `take` hears each event, and None after a pause.

        Left out, the row learns of each `step` with its `of`.

        Raises TrainingFailed, Cancelled, Paused or Lost; after each of them it is gone. Out
        of memory, it goes on once with fewer examples at a time, and the row says so.
        """
        smaller = out_of_memory.halved(config)
        was_halved = self.row.is_halved
        try:
            self._child(name, (was_halved and smaller) or config, take, threads, pause)
        except OutOfMemory as why:
            if smaller is None or was_halved:
                said = NO_MEMORY if was_halved else NO_MEMORY_FOR_ONE
                raise TrainingFailed(said) from why
            fence.halve(self.row)
            try:
                self._child(name, smaller, take, threads, pause)
            except OutOfMemory as again:
                raise TrainingFailed(NO_MEMORY) from again

    def _child(
        self,
        name: str,
        config: dict[str, Any],
        take: Callable[[Event | None], None] | None,
        threads: int,
        pause: float,
    ) -> None:
        self.watch.check()
        space.require(self.folder, config)
        steps = _Steps(self.row)
        key = salted_hmac("trainer.checkpoints", str(self.row), algorithm="sha256")
        process = child.start(
            name, config, self.folder, threads=threads, key=key.hexdigest()
        )
        peak = Peak(process.process.pid)
        with self.watch.over(process), closing(process.events(pause)) as events:
            for event in events:
                (take or steps.take)(event)
                peak.look()
        self.patiently(steps.flush)
        if isinstance(self.row, Run):
            estimates.note_peak(self.row.pk, peak.bytes)

    def patiently(self, write: Callable[[], None]) -> None:
        """Once the database answers, as long as the row is ours."""
        while True:
            try:
                return write()
            except (OperationalError, InterfaceError):
                connection.close_if_unusable_or_obsolete()
                self.watch.check()
                time.sleep(1)

    def require_whole(self) -> None:
        """Raise TrainingFailed where words of the version were destroyed meanwhile."""
        require_whole(self.row)


class _Steps:
    """How far it is, written to the row about once a second."""

    def __init__(self, row: Fenced) -> None:
        self.row = row
        self.known: dict[str, int] = {}
        self.written_at = time.monotonic()

    def take(self, event: Event | None) -> None:
        if event and "step" in event and "of" in event:
            self.known = {"step": event["step"], "of": event["of"]}
        if time.monotonic() - self.written_at >= WRITE_EVERY:
            try:
                self.flush()
            except (OperationalError, InterfaceError):
                connection.close_if_unusable_or_obsolete()  # a little later, then

    def flush(self) -> None:
        self.written_at = time.monotonic()
        if self.known:
            fence.report(self.row, **self.known)
        self.known = {}


@contextmanager
def begun(
    row: R, folder: Path, *, digest: str, reads_files: bool = True
) -> Iterator[Work[R]]:
    """Keep the lease, end what an earlier attempt left, fetch the version's files."""
    folder.mkdir(parents=True, exist_ok=True)
    with Watch(
        beat=lambda: fence.beat(row), stop_asked=lambda: fence.stop_asked(row)
    ) as watch:
        child.end_previous(folder)
        with _prepared(
            row, copies=folder / COPIES, digest=digest, reads_files=reads_files
        ) as data:
            try:
                yield Work(row, folder, data, watch)
            except (TrainingFailed, OSError):
                require_whole(row)  # its files went away meanwhile: that is why
                raise
            watch.check()


def require_whole(row: Any) -> None:
    """Of a run with the versions of those that it goes on from: their words are in it."""
    versions = row.learned_from() if isinstance(row, Run) else [row.version_id]
    try:
        for version_id in versions:
            handoff.require_whole(version_id)
    except CurationError as refusal:
        raise TrainingFailed(str(refusal)) from refusal


@contextmanager
def _prepared(row: Any, *, copies: Path, digest: str, reads_files: bool) -> Iterator[Path]:
    """The frozen files, compared with their hashes. Copies go with the attempt."""
    try:
        yield _files(row, copies, digest) if reads_files else copies
    finally:
        shutil.rmtree(copies, ignore_errors=True)


def _files(row: Any, copies: Path, digest: str) -> Path:
    require_whole(row)
    try:
        if handoff.frozen(row.version_id).digest != digest:
            raise TrainingFailed(NOT_THE_VERSION)
        return handoff.files(row.version_id, copies=copies)
    except CurationError as refusal:
        raise TrainingFailed(str(refusal)) from refusal
