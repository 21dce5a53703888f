"""Who may see which task: the object, or 404."""

from __future__ import annotations

from django.db.models import Q
from django.shortcuts import get_object_or_404

from annotate.models import Assignment, Draft
from curation.http import SignedInRequest
from curation.models import Dataset


def slot_of_mine(request: SignedInRequest, pk: int) -> Assignment:
    """A slot that the person holds."""
    return get_object_or_404(Assignment.objects.held_by(request.user).for_page(), pk=pk)


def slot_to_submit(request: SignedInRequest, pk: int) -> Assignment:
    """Any slot of a dataset that the person sees, or that is or was theirs.

    A late or repeated submit must reach the action, which decides what becomes of it and
    keeps the text.
    """
    seen = Dataset.objects.visible_to(request.user)
    theirs = Q(person=request.user) | Q(drafts__person=request.user)
    slots = Assignment.objects.for_page().filter(Q(dataset__in=seen) | theirs)
    return get_object_or_404(slots.distinct(), pk=pk)


def draft_of_mine(request: SignedInRequest, pk: int) -> Draft:
    drafts = Draft.objects.filter(person=request.user)
    return get_object_or_404(
        drafts.select_related("assignment__dataset", "assignment__category"), pk=pk
    )
