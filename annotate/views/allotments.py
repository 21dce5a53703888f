"""Curators give work to people, see how far it is, and take it back."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from annotate import access, allotments
from annotate.forms.allotments import AllotmentForm
from annotate.models import Allotment
from curation import cases
from curation.access import dataset_to_curate
from curation.errors import CurationError
from curation.http import SignedInRequest, form_address
from curation.models import Dataset


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest, slug: str) -> HttpResponse:
    dataset = dataset_to_curate(request, slug)
    if request.method == "POST":
        return _give(request, dataset)
    return _page(request, dataset, AllotmentForm(dataset))


@form_address("annotate:allotments", keeping=("slug",))
@login_required
def take_back(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    given = access.allotment_of(dataset_to_curate(request, slug), pk)
    allotments.take_back(allotment_id=given.pk, by=request.user)
    messages.success(request, _("Taken back. What is not done goes to everybody again."))
    return redirect("annotate:allotments", slug)


def _give(request: SignedInRequest, dataset: Dataset) -> HttpResponse:
    form = AllotmentForm(dataset, request.POST)
    if not form.is_valid():
        return _page(request, dataset, form, status=422)
    try:
        given = allotments.allot(dataset=dataset, by=request.user, **form.cleaned_data)
    except CurationError as refusal:
        return _page(request, dataset, form, problem=str(refusal), status=409)
    said = _("Given: %(wanted)d × “%(kind)s” to %(person)s.") % {
        "wanted": given.wanted,
        "kind": given.get_kind_display(),
        "person": given.person,
    }
    messages.success(request, said)
    return redirect("annotate:allotments", dataset.slug)


def _page(
    request: SignedInRequest,
    dataset: Dataset,
    form: AllotmentForm,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    given = allotments.with_progress(Allotment.objects.filter(dataset=dataset))
    shown = given.select_related("person", "category").order_by("-created_at", "-pk")
    context = {
        "dataset": dataset,
        "is_curator": True,
        "flags_waiting": cases.waiting_in(dataset),
        "form": form,
        "problem": problem,
        "running": shown.filter(closed_at=None),
        "closed": shown.exclude(closed_at=None)[:20],
    }
    return render(request, "annotate/allotments.html", context, status=status)
