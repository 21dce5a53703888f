"""Files in formats of others: chosen, looked at, written by a worker, fetched in parts."""

from __future__ import annotations

import json

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from curation import access, downloads, tasks
from curation.actions import errands, extracting
from curation.background import ring
from curation.errors import CurationError, Unavailable
from curation.forms.extracts import ExtractForm
from curation.http import SignedInRequest, asks_again, outcome_told
from curation.models import Dataset
from curation.views import page


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def index(request: SignedInRequest, slug: str) -> HttpResponse:
    """All files that were asked for. POST looks at the first rows, or asks for one."""
    dataset = access.dataset_to_curate(request, slug)
    if request.method != "POST":
        return _list(request, dataset, ExtractForm(dataset=dataset))
    form = ExtractForm(request.POST, dataset=dataset)
    if not form.is_valid():
        return _list(request, dataset, form, status=422)
    if "start" not in request.POST:
        rows = extracting.first_rows(dataset, form.wanted)
        first = [json.dumps(row, ensure_ascii=False, indent=1) for row in rows]
        return _list(request, dataset, form, first)
    found = extracting.ask(dataset=dataset, by=request.user, wanted=form.wanted)
    ring(tasks.write_extract, extract_id=found.pk)
    return redirect("curation:extract", slug, found.pk)


@require_GET
@login_required
def show(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    dataset = access.dataset_to_curate(request, slug)
    found = access.extract_in(dataset, pk)
    if asks_again(request, "errand"):
        return page.part(request, "_extract_live.html", dataset=dataset, found=found)
    return page.of_dataset(request, dataset, "extract.html", found=found)


@require_POST
@login_required
def cancel(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    found = access.extract_in(access.dataset_to_curate(request, slug), pk)
    with outcome_told(request):
        errands.cancel(found, by=request.user)
    return redirect("curation:extract", slug, pk)


@require_safe
@login_required
def download(request: SignedInRequest, slug: str, pk: int) -> HttpResponseBase:
    dataset = access.dataset_to_curate(request, slug)
    found = access.extract_in(dataset, pk)
    try:
        return downloads.extract(request, found)
    except CurationError as refusal:
        status = 503 if isinstance(refusal, Unavailable) else 409
        return page.of_dataset(
            request,
            dataset,
            "extract.html",
            found=found,
            problem=str(refusal),
            status=status,
        )


def _list(
    request: SignedInRequest,
    dataset: Dataset,
    form: ExtractForm,
    first: list[str] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    there = dataset.extracts.for_listing().select_related("version")
    return page.of_dataset(
        request,
        dataset,
        "extracts.html",
        form=form,
        first=first,
        page=page.paged(request, there),
        status=status,
    )
