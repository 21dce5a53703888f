"""Archives made in the background: asked for, watched, called off, kept for a week. How
they are written: see writing.py."""

from __future__ import annotations

from typing import Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions import errands, packing, writing
from curation.actions.rights import require
from curation.errors import CurationError
from curation.models import Archiving, Contributor, Dataset, Event


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
def destroy(*, archiving_id: int, by: Contributor) -> None:
    """Before its week is over."""
    there = Archiving.objects.select_for_update(of=("self",)).select_related("dataset")
    archiving = there.get(pk=archiving_id)
    require(by, archiving.dataset)
    if not archiving.has_file:
        return
    errands.forget(archiving)
    Event.objects.record("archiving.destroyed", archiving, by=by, dataset=archiving.dataset)


def run(archiving_id: int) -> None:
    """Make the archive, if this worker is the one that gets to."""
    writing.run(Archiving, archiving_id, _write)


def _write(archiving: Archiving, out: BinaryIO, tell: writing.Tell) -> dict[str, Any]:
    packing.pack(
        dataset=archiving.dataset,
        out=out,
        by=archiving.asked_by,
        has_names=archiving.has_names,
        tell=tell,
    )
    return {}
