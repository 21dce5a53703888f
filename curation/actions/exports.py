"""What goes out: versions under other names, and a dataset's record in others' formats."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from curation import forest
from curation.actions.rights import require
from curation.errors import CurationError
from curation.formats.registry import WRITTEN
from curation.formats.trees import Terms
from curation.models import Contributor, Dataset, DatasetVersion, Event, Export


@transaction.atomic
def make(*, version: DatasetVersion, made_for: str, by: Contributor) -> Export:
    """For one recipient. Names are drawn anew: nobody can join two exports by them.

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


def export_rows(
    *,
    dataset: Dataset,
    format: str,
    by: Contributor,
    terms: Terms,
    states: Collection[str] = forest.ACCEPTED,
) -> Iterator[dict[str, Any]]:
    """The rows of a dataset's record in a format: a stream. It is noted in the history."""
    require(by, dataset)
    if format not in WRITTEN:
        said = _("There is no format “%(format)s” to write. Choose %(formats)s.")
        raise CurationError(said % {"format": format, "formats": ", ".join(WRITTEN)})
    Event.objects.record(
        "data.exported", dataset, by=by, dataset=dataset, format=format,
        states=sorted(states), is_renamed=terms.names is not None,
    )  # fmt: skip
    return forest.rows(dataset, WRITTEN[format], terms, states=states)
