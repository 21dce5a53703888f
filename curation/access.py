"""Who may see and do what on curation's pages: the object, or 404."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from curation.actions.people import holds
from curation.http import SignedInRequest
from curation.models import Conversation, Dataset, DatasetVersion


def datasets(request: SignedInRequest) -> QuerySet[Dataset]:
    return Dataset.objects.visible_to(request.user)


def dataset(request: SignedInRequest, slug: str) -> Dataset:
    """Other people's datasets do not exist."""
    return get_object_or_404(datasets(request).select_related("policy"), slug=slug)


def dataset_to_curate(request: SignedInRequest, slug: str) -> Dataset:
    found = dataset(request, slug)
    if not holds(request.user, found):
        raise Http404
    return found


def conversation(request: SignedInRequest, slug: str, number: int) -> Conversation:
    shown = Conversation.objects.for_tree()
    return get_object_or_404(shown, dataset=dataset(request, slug), pk=number)


def version(request: SignedInRequest, slug: str, number: int) -> DatasetVersion:
    shown = DatasetVersion.objects.for_listing()
    return get_object_or_404(shown, dataset=dataset(request, slug), number=number)
