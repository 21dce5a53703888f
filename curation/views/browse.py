"""Browsing and searching the messages of a dataset."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from curation import access, neighbours, search
from curation.facets import Counts, counts_of, freed
from curation.forms.browse import BulkForm, SavedViewForm
from curation.http import SignedInRequest
from curation.models import Dataset, SavedView
from curation.views import page, shelf

SORTS = {
    "relevance": gettext_lazy("Best match"),
    "newest": gettext_lazy("Newest"),
    "oldest": gettext_lazy("Oldest"),
}


@require_GET
@login_required
def show(request: SignedInRequest, slug: str) -> HttpResponse:
    return list_page(request, access.dataset(request, slug))


def asked_by(request: SignedInRequest, dataset: Dataset) -> search.Search:
    """What the address asks for, of what this person may read."""
    return search.asked_for(
        request.GET, dataset, request.user, page.sight(request, dataset)
    )


def list_page(
    request: SignedInRequest,
    dataset: Dataset,
    *,
    status: int = HTTPStatus.OK,
    bulk: BulkForm | None = None,
    saving: SavedViewForm | None = None,
    **said: Any,
) -> HttpResponse:
    """What the address asks for. Forms that were refused come back as they were sent."""
    asked = asked_by(request, dataset)
    if asked.refused and status == HTTPStatus.OK:
        status = HTTPStatus.BAD_REQUEST
    counts = counts_of(asked)
    found, following = shelf.found_by(asked, counts)
    groups = shelf.groups_of(asked, counts)
    return page.of_dataset(
        request,
        dataset,
        "browse.html",
        asked=asked,
        counts=counts,
        # Where nothing is found on the first page, all of it was looked through.
        at_least=max(counts.total, len(found)),
        is_more=counts.is_more and bool(found),
        found=found,
        following=following,
        groups=groups,
        chosen=[(g, o) for g in groups for o in g.options if o.is_chosen],
        freed=_freed(asked, counts) if not found else [],
        unknown=shelf.unknown_in(asked),
        sorts=[
            (name, title, asked.address(sort=name))
            for name, title in SORTS.items()
            if name != "relevance" or asked.words
        ],
        everything=asked.address(q="", sort="", **dict.fromkeys(asked.chosen, ())),
        here=asked.address(),
        views=SavedView.objects.shown_to(request.user, dataset),
        bulk=bulk or BulkForm(dataset=dataset) if asked.is_curator else None,
        saving=saving or SavedViewForm(),
        knows_meanings=neighbours.is_there(),
        by_words=asked.address(by="", sort=""),
        is_curator=asked.is_curator,
        is_viewer=asked.is_viewer,
        status=status,
        **said,
    )


def _freed(asked: search.Search, counts: Counts) -> list[tuple[str, int, bool, str]]:
    """Where nothing matches: what to leave out, what that finds, and its address."""
    return [
        (
            str(shelf.TITLES[name]) if name != "q" else asked.words,
            count,
            is_more,
            asked.address(**{name: "" if name == "q" else ()}),
        )
        for name, count, is_more in freed(asked, counts)
    ]
