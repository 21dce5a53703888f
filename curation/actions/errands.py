"""Files that come and go in the background: claimed, watched, called off, taken back.

A worker claims a row with one UPDATE that raises its attempt, and every later write of it
names that attempt; who was taken for dead finds nothing to write.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation.actions.rights import require
from curation.errors import CurationError
from curation.models import Contributor, Event, Extract, Import, Refusal
from curation.models.errands import ACTIVE, Errand

SILENT = timedelta(minutes=2)  # a worker that said nothing for so long is gone
ATTEMPTS = 3
ERASED = gettext_noop("Somebody was erased meanwhile. Ask for it once more.")
KINDS: tuple[type[Errand], ...] = (Import, Extract)

Row = TypeVar("Row", bound=Errand)
State = Errand.State


class Stopped(Exception):
    """The row is no longer this worker's: called off, or given to another."""


@transaction.atomic
def cancel(errand: Errand, *, by: Contributor) -> None:
    """Call it off. What is in the record already stays there."""
    require(by, errand.dataset)
    found = type(errand)._default_manager.select_for_update().get(pk=errand.pk)
    if found.state == State.CANCELLED:
        return
    if found.ended_at is not None:
        raise CurationError(_("It has ended already, so there is nothing to call off."))
    found.state, found.ended_at = State.CANCELLED, now()
    if not found.attempt:  # no worker reads it
        found.has_file = False
        transaction.on_commit(partial(shutil.rmtree, found.folder, ignore_errors=True))
    found.save(update_fields=["state", "ended_at", "has_file"])
    kind = f"{found._meta.model_name}.cancelled"
    Event.objects.record(kind, found, by=by, dataset=errand.dataset)


def claim(model: type[Row], pk: int) -> Row | None:
    """The row, where this worker is the one that gets to."""
    rows = model._default_manager
    claimed = rows.filter(pk=pk, state=State.WAITING).update(
        state=State.RUNNING, attempt=F("attempt") + 1, beat_at=now()
    )
    if not claimed:
        return None
    found: Row = rows.select_related("dataset__policy", "asked_by").get(pk=pk)
    return found


def write(errand: Errand, **fields: Any) -> None:
    """A sign of life with what is new; Stopped where the row is not ours any more."""
    rows = type(errand)._default_manager
    if not rows.filter(_mine(errand)).update(beat_at=now(), **fields):
        raise Stopped


def fail(errand: Errand, why: str) -> None:
    rows = type(errand)._default_manager
    rows.filter(_mine(errand)).update(state=State.FAILED, why=why[:300], ended_at=now())


@transaction.atomic
def take_back_silent(model: type[Errand]) -> list[int]:
    """What waits, and what a worker left lying; after three tries it has failed."""
    rows = model._default_manager
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
    """Files of what ended long ago, or was never begun, or of which no row was kept."""
    before = now() - timedelta(days=settings.TRANSFER_DAYS)
    for model in KINDS:
        _forget_files(model, before)
    Refusal.objects.filter(of__has_file=False).delete()
    for uid, folder in _folders():
        is_known = any(model._default_manager.filter(uid=uid) for model in KINDS)
        if not is_known and folder.stat().st_mtime < before.timestamp():
            shutil.rmtree(folder, ignore_errors=True)


def forget_extracts() -> None:
    """Where a person is erased: each file may have words or the name of theirs, and so may
    what a worker that died left in a folder. What is being written ends."""
    rows = Extract.objects.all()
    active = rows.filter(state__in=ACTIVE)
    active.update(state=State.FAILED, ended_at=now(), why=ERASED)
    rows.filter(has_file=True).update(has_file=False)
    there = dict(_folders())
    for uid in rows.filter(uid__in=there).values_list("uid", flat=True):
        shutil.rmtree(there[uid], ignore_errors=True)


def _folders() -> Iterator[tuple[UUID, Path]]:
    """Those of rows. Beside them may be what others left, such as lost+found."""
    for folder in Path(settings.TRANSFERS_DIR).iterdir():
        try:
            uid = UUID(folder.name)
        except ValueError:
            continue
        yield uid, folder


def _forget_files(model: type[Errand], before: datetime) -> None:
    rows = model._default_manager.filter(has_file=True)
    is_old = Q(ended_at__lt=before) | Q(state=State.CHOOSING, asked_at__lt=before)
    for errand in rows.filter(is_old):
        is_idle = errand.state == State.CHOOSING
        gone = rows.filter(pk=errand.pk, state=errand.state).update(
            has_file=False,
            state=State.CANCELLED if is_idle else errand.state,
            ended_at=errand.ended_at or now(),
        )
        if gone:
            shutil.rmtree(errand.folder, ignore_errors=True)


def _mine(errand: Errand) -> Q:
    return Q(pk=errand.pk, state=State.RUNNING, attempt=errand.attempt)
