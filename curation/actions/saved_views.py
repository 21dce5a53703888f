"""Searches that people keep."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from curation.actions.rights import Sight, holds, sight
from curation.errors import CurationError, NotAllowed
from curation.models import Contributor, Dataset, SavedView

OWN_AT_MOST = 50  # in a dataset


def save(
    *, dataset: Dataset, by: Contributor, name: str, query: str, is_shared: bool = False
) -> SavedView:
    """Keep a search under a name that the person has not used here yet."""
    if is_shared and sight(by, dataset) == Sight.SETTLED:
        raise NotAllowed(_("Only those who work here can share a search."))
    if len(query) > (SavedView._meta.get_field("query").max_length or 0):
        raise CurationError(
            _("This search is too long to be kept. Use fewer words, or fewer filters.")
        )
    if SavedView.objects.filter(dataset=dataset, owner=by).count() >= OWN_AT_MOST:
        said = _("You keep %(n)d searches here already. Delete one first.")
        raise CurationError(said % {"n": OWN_AT_MOST})
    try:
        with transaction.atomic():
            return SavedView.objects.create(
                dataset=dataset, owner=by, name=name, query=query, is_shared=is_shared
            )
    except IntegrityError as error:
        said = _("You have a search called “%(name)s” here. Choose another name.")
        raise CurationError(said % {"name": name}) from error


def delete(*, view: SavedView, by: Contributor) -> None:
    """One's own; curators also what others share."""
    is_theirs = view.owner_id == by.pk
    if not (is_theirs or (view.is_shared and holds(by, view.dataset))):
        raise NotAllowed(_("Only who saved it can delete it."))
    view.delete()
