"""Who may see which task: the object, or 404."""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import get_object_or_404

from annotate.models import Allotment, Assignment, Draft
from curation.http import SignedInRequest
from curation.models import Dataset
from curation.prepared import Prepared

_slot = Prepared(lambda pk: Assignment.objects.for_form().filter(pk=pk))


def slot_of_mine(request: SignedInRequest, pk: int) -> Assignment:
    """A slot that the person holds."""
    return get_object_or_404(Assignment.objects.held_by(request.user).for_page(), pk=pk)


def slot_to_submit(request: SignedInRequest, pk: int) -> Assignment:
    """Any slot of a dataset that the person takes part in, or that is or was theirs.

    A late or repeated submit must reach the action, which decides what becomes of it and
    keeps the text.
    """
    slot = _slot.first(pk=pk)
    if slot is None:
        raise Http404
    if slot.person_id == request.user.pk:
        return slot
    seen = Dataset.objects.taken_part_in_by(request.user).filter(pk=slot.dataset_id)
    if seen.exists() or slot.drafts.filter(person=request.user).exists():
        return slot
    raise Http404


def draft_of_mine(request: SignedInRequest, pk: int) -> Draft:
    drafts = Draft.objects.filter(person=request.user)
    return get_object_or_404(
        drafts.select_related("assignment__dataset", "assignment__category"), pk=pk
    )


def allotment_of(dataset: Dataset, pk: int) -> Allotment:
    return get_object_or_404(Allotment, dataset=dataset, pk=pk)
