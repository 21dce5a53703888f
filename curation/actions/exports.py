"""Exports under other names, each for one recipient and with a key of its own."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.people import require
from curation.errors import CurationError
from curation.models import Contributor, DatasetVersion, Event, Export


@transaction.atomic
def make(*, version: DatasetVersion, made_for: str, by: Contributor) -> Export:
    """Names are drawn anew: nobody can join two exports by them.

    The key stays here, so that a text that is taken back can be found in what was handed
    out, and the same export be written once more. Whoever has one of this version keeps
    it: a second click makes no second.
    """
    require(by, version.dataset)
    if not made_for.strip():
        raise CurationError(_("Say who gets it, and for what."))
    DatasetVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    told = {"version": version, "made_for": made_for.strip()}
    if there := Export.objects.filter(**told).first():
        return there
    export = Export.objects.create(**told, made_by=by)
    Event.objects.record(
        "version.exported", export, by=by, dataset=version.dataset, version=version.pk
    )
    return export
