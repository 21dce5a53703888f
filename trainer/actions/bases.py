"""Base models: registered by an admin, or the starter that Winnow builds itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation import history
from curation.errors import NotAllowed, WrongState
from curation.handoff import Person
from trainer.actions.fence import MAX_LOST, lease_end
from trainer.errors import Lost, TrainerError
from trainer.models import BaseModel
from trainer.recipes.vetting import Refused, vet
from trainer.text import storable

Kind, State = BaseModel.Kind, BaseModel.State

HUB_ID = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")
REVISION = re.compile(r"[0-9a-f]{40}")
GIVEN_UP = gettext_noop(
    "Its worker was lost three times. Look at the worker's log and memory, then build it "
    "again."
)


@transaction.atomic
def register(
    *, name: str, location: str, revision: str = "", licence: str = "", by: Person
) -> BaseModel:
    """A folder is checked now; a hub model when a worker has fetched it (`build_base`)."""
    if not by.is_staff:
        raise NotAllowed(_("Only a site admin can add a base model."))
    is_hub = not Path(location).is_absolute()
    if is_hub:
        _check_hub(location, revision)
    else:
        check_folder(Path(location))
    if BaseModel.objects.filter(location=location, revision=revision).exists():
        raise TrainerError(_("This model is there already."))
    base = BaseModel.objects.create(
        name=name,
        slug=_free_slug(name),
        kind=Kind.HUB if is_hub else Kind.LOCAL,
        location=location,
        revision=revision if is_hub else "",
        licence=licence,
        state=State.BUILDING if is_hub else State.READY,
        progress=0 if is_hub else 100,
        added_by=by,
    )
    history.record("base.added", base, by=by, location=location, revision=revision)
    return base


def check_folder(folder: Path) -> None:
    """Safetensors only, and no code of its own: weights must not be able to do anything."""
    try:
        vet(folder)
    except Refused as refused:
        raise TrainerError(_(refused.sentence) % refused.facts) from refused
    except OSError as error:
        said = _("%(folder)s cannot be read: %(why)s.")
        facts = {"folder": folder, "why": error.strerror}
        raise TrainerError(said % facts) from error


@transaction.atomic
def ensure_starter(*, key: str, built_with: dict[str, Any], path: Path | None) -> BaseModel:
    """The row of the starter with this key; `path` is its folder, if it is built already.

    A failed one, and one whose folder is gone, is wanted again.
    """
    base, is_new = BaseModel.objects.get_or_create(
        kind=Kind.STARTER,
        content_key=key,
        defaults={
            "name": f"Winnow starter {key[:6]}",
            "slug": f"starter-{key[:12]}",
            "licence": "Apache-2.0",
            "built_with": built_with,
        },
    )
    if is_new:
        history.record("base.added", base, by=None, content_key=key)
    base = _lock(base.pk)
    if path is not None and not base.is_ready:
        if base.state == State.FAILED:
            _move(base, to=State.BUILDING, by=None)
        return _move(base, to=State.READY, by=None, location=str(path), progress=100)
    if path is None and base.state != State.BUILDING:
        return _move(base, to=State.BUILDING, by=None, progress=0)
    return base


@transaction.atomic
def again(*, base_id: int, by: Person) -> BaseModel:
    """Try a failed one once more."""
    if not by.is_staff:
        raise NotAllowed(_("Only a site admin can build a base model."))
    return _move(_lock(base_id), to=State.BUILDING, by=by, progress=0)


# ---- what the worker does --------------------------------------------------------------


@transaction.atomic
def claim(base_id: int) -> BaseModel | None:
    """Take one that nobody is at, or return None. One that ends its workers is given up."""
    unattended = BaseModel.objects.unattended().select_for_update(of=("self",))
    base = unattended.filter(pk=base_id).first()
    if base is None:
        return None
    lost = base.lost + (base.lease_until is not None)  # an earlier worker left this behind
    if lost >= MAX_LOST:
        _move(base, to=State.FAILED, by=None, problem=GIVEN_UP)
        return None
    BaseModel.objects.filter(pk=base_id).update(
        lease_until=lease_end(), attempt=base.attempt + 1, lost=lost
    )
    return BaseModel.objects.get(pk=base_id)


def beat(base: BaseModel) -> bool:
    return _update_mine(base, lease_until=lease_end())


def report(base: BaseModel, *, progress: int) -> None:
    if not _update_mine(base, progress=progress):
        raise Lost


def ready(base: BaseModel, *, location: str) -> bool:
    return _end(base, to=State.READY, location=location, progress=100)


def fail(base: BaseModel, *, problem: str) -> bool:
    return _end(base, to=State.FAILED, problem=storable(problem))


def unattended() -> list[int]:
    return list(BaseModel.objects.unattended().values_list("pk", flat=True))


# ---- the only writers of a state -------------------------------------------------------


def _lock(base_id: int) -> BaseModel:
    return BaseModel.objects.select_for_update(of=("self",)).get(pk=base_id)


def _move(
    base: BaseModel, *, to: BaseModel.State, by: Person | None, **changes: Any
) -> BaseModel:
    if to not in BaseModel.MOVES[State(base.state)]:
        raise WrongState("base model", base.state)
    changes = {"state": to, "problem": "", "lease_until": None, "lost": 0, **changes}
    for name, value in changes.items():
        setattr(base, name, value)
    base.save(update_fields=list(changes))
    history.record(f"base.{to}", base, by=by, slug=base.slug)
    return base


@transaction.atomic
def _end(base: BaseModel, *, to: BaseModel.State, **changes: Any) -> bool:
    locked = _mine(base).select_for_update().first()
    if locked is None:
        return False
    _move(locked, to=to, by=None, **changes)
    return True


def _mine(base: BaseModel) -> Any:
    return BaseModel.objects.filter(pk=base.pk, state=State.BUILDING, attempt=base.attempt)


def _update_mine(base: BaseModel, **changes: object) -> bool:
    return bool(_mine(base).update(**changes) == 1)


# ---- checks ----------------------------------------------------------------------------


def _check_hub(location: str, revision: str) -> None:
    if not HUB_ID.fullmatch(location):
        raise TrainerError(_("Give a folder from / on, or a hub id such as owner/name."))
    if not REVISION.fullmatch(revision):
        raise TrainerError(_("Pin a hub model to one commit: its 40 hex digits."))


def _free_slug(name: str) -> str:
    stem = slugify(name)[:40] or "base"
    taken = set(
        BaseModel.objects.filter(slug__startswith=stem).values_list("slug", flat=True)
    )
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (stem, *numbered) if slug not in taken)
