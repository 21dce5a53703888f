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
    out, and the same export be written once more.
    """
    require(by, version.dataset)
    if not made_for.strip():
        raise CurationError(_("Say who gets it, and for what."))
    export = Export.objects.create(version=version, made_for=made_for.strip(), made_by=by)
    Event.objects.record(
        "version.exported", export, by=by, dataset=version.dataset, version=version.pk
    )
    return export
