"""Files that come and go in the background: claimed, watched, called off, taken back.

A worker claims a row with one UPDATE that raises its attempt, and every later write of it
names that attempt; who was taken for dead finds nothing to write.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation import stores
from curation.actions.rights import require
from curation.errors import CurationError, Unavailable
from curation.models import Archiving, Contributor, Event, Extract, Import, Refusal
from curation.models.errands import Errand, Written

SILENT = timedelta(minutes=2)  # a worker that said nothing for so long is gone
ATTEMPTS = 3
UID_LENGTH = 36  # of a folder's name: what follows is the attempt
LOST = gettext_noop(
    "Winnow was restored from a backup, and this file is in none. Ask for it or send it "
    "once more."
)
LOOKED_FOR = timedelta(days=1)  # so long the clock clears up after what broke off
KINDS: tuple[type[Errand], ...] = (Import, Extract, Archiving)
WRITTEN: tuple[type[Written], ...] = (Extract, Archiving)

logger = logging.getLogger(__name__)

Row = TypeVar("Row", bound=Errand)
State = Errand.State


class Stopped(Exception):
    """The row is no longer this worker's: called off, or given to another."""


# ---- what people do --------------------------------------------------------------------
@transaction.atomic
def cancel(errand: Errand, *, by: Contributor) -> None:
    """Call it off. What is in the record already stays there; no file is kept: where it
    cannot be destroyed at once, the clock does it."""
    require(by, errand.dataset)
    found = type(errand).objects.select_for_update().get(pk=errand.pk)
    if found.state == State.CANCELLED:
        return
    if found.ended_at is not None:
        raise CurationError(_("It has ended already, so there is nothing to call off."))
    found.state, found.ended_at = State.CANCELLED, now()
    found.save(update_fields=["state", "ended_at"])
    kind = f"{found._meta.model_name}.cancelled"
    Event.objects.record(kind, found, by=by, dataset=errand.dataset)
    if found.has_file and not found.attempt:  # no worker reads it
        transaction.on_commit(partial(_try_to_forget, found))


# ---- the worker's side -----------------------------------------------------------------
def claim(model: type[Row], pk: int, **anew: Any) -> Row | None:
    """The row, where this worker is the one that gets to. `anew` are fields of it that
    begin again, whoever had it before."""
    rows = model._default_manager
    claimed = rows.filter(pk=pk, state=State.WAITING).update(
        state=State.RUNNING, attempt=F("attempt") + 1, beat_at=now(), **anew
    )
    if not claimed:
        return None
    found = rows.select_related("dataset__policy", "asked_by").get(pk=pk)
    assert isinstance(found, model)
    return found


@contextmanager
def doing(errand: Errand) -> Iterator[None]:
    """The work on a row: where it is refused or breaks, the row says so; where the row is
    no longer ours, it just ends. Where something does not answer, it is left to the next
    worker as by one that was lost, and its last one says why."""
    try:
        yield
    except Stopped:
        return
    except Unavailable as refusal:
        if errand.attempt >= ATTEMPTS:
            _fail(errand, str(refusal))
    except CurationError as refusal:
        _fail(errand, str(refusal))
    except Exception:
        _fail(errand, gettext_noop("Something went wrong. See the log."))
        raise


def write(errand: Errand, **fields: Any) -> None:
    """A sign of life with what is new; Stopped where the row is not ours any more."""
    if not _mine(errand).update(beat_at=now(), **fields):
        raise Stopped


def _fail(errand: Errand, why: str) -> None:
    _mine(errand).update(state=State.FAILED, why=why[:300], ended_at=now())


def _mine(errand: Errand) -> QuerySet[Errand]:
    rows = type(errand).objects
    return rows.filter(pk=errand.pk, state=State.RUNNING, attempt=errand.attempt)


# ---- the clock's side ------------------------------------------------------------------
@transaction.atomic
def take_back_silent(model: type[Errand]) -> list[int]:
    """What waits, and what a worker left lying; after three tries it has failed."""
    rows = model.objects
    running = rows.filter(state=State.RUNNING, beat_at__lt=now() - SILENT)
    free = running.select_for_update(skip_locked=True).values_list("pk", flat=True)
    silent = rows.filter(pk__in=list(free), state=State.RUNNING)
    silent.filter(attempt__gte=ATTEMPTS).update(
        state=State.FAILED,
        ended_at=now(),
        why=gettext_noop("Three workers were lost over it. See the log."),
    )
    silent.update(state=State.WAITING)
    return list(rows.filter(state=State.WAITING).values_list("pk", flat=True))


def forget_old() -> None:
    """Files of what ended long ago or was never begun, and what killed workers left on
    this disk."""
    for model in KINDS:
        for errand in model.objects.outdated():
            _try_to_forget(errand)
    for written in WRITTEN:
        for errand in written.objects.broken_off().filter(ended_at__gt=now() - LOOKED_FOR):
            with _one_alone(errand):
                errand.destroy_files()
    Refusal.objects.exclude(of__forgotten_at=None).delete()
    before = now() - timedelta(days=settings.TRANSFER_DAYS)
    for uid, folder in _folders():
        is_active = any(model.objects.active().filter(uid=uid) for model in KINDS)
        with suppress(FileNotFoundError):  # its worker was done just now
            if not is_active and folder.stat().st_mtime < before.timestamp():
                shutil.rmtree(folder, ignore_errors=True)


def forget_written() -> None:
    """Where a person is erased: each file may have words or the name of theirs, and so may
    what a worker that died left in a folder. What is being written ends."""
    why = gettext_noop("Somebody was erased meanwhile. Ask for it once more.")
    for model in WRITTEN:
        model.objects.active().update(state=State.FAILED, ended_at=now(), why=why)
        for errand in model.objects.with_file():
            forget(errand)
        for errand in model.objects.broken_off():
            errand.destroy_files()


def forget_lost() -> int:
    """After a restore: how many files are wanted that came from no backup, and lie nowhere
    else. People are told why, and that they ask for them or send them once more."""
    kept = stores.store()
    lost = [errand for errand in _in_need() if kept.manifest(errand.stored_as) is None]
    for errand in lost:
        told: dict[str, Any] = {"why": LOST}
        if isinstance(errand, Import):
            told |= {"state": State.FAILED, "ended_at": now()}
        type(errand).objects.filter(pk=errand.pk).update(**told)
        if isinstance(errand, Written):
            forget(errand)
    return len(lost)


def _in_need() -> Iterator[Errand]:
    """Of a file: to be fetched by people, or still to be taken in."""
    for model in WRITTEN:
        yield from model.objects.with_file()
    yield from Import.objects.filter(ended_at=None)


@contextmanager
def _one_alone(errand: Errand) -> Iterator[None]:
    """Where its files cannot be destroyed others' are: the next hour tries again."""
    try:
        yield
    except Exception:
        logger.exception("Files of %s were not destroyed", errand)


def _try_to_forget(errand: Errand) -> None:
    with _one_alone(errand):
        forget(errand)


@transaction.atomic
def forget(errand: Errand) -> None:
    """Its files, unless it was begun meanwhile."""
    is_idle = errand.state == State.CHOOSING
    rows = type(errand).objects.filter(pk=errand.pk, state=errand.state)
    if rows.filter(forgotten_at=None).update(
        forgotten_at=now(),
        state=State.CANCELLED if is_idle else errand.state,
        ended_at=errand.ended_at or now(),
    ):
        errand.destroy_files()


def _folders() -> Iterator[tuple[UUID, Path]]:
    """Those of rows, with the number of the attempt. Beside them may be what others left,
    such as lost+found."""
    for folder in Path(settings.TRANSFERS_DIR).glob("*"):
        with suppress(ValueError):
            yield UUID(folder.name[:UID_LENGTH]), folder
