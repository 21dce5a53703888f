"""Archives of a dataset: asked for, watched, fetched, destroyed."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from curation import access, downloads, tasks
from curation.actions import archives, errands
from curation.background import ring
from curation.errors import CurationError, Unavailable
from curation.forms.archives import ArchiveForm
from curation.http import SignedInRequest, asks_again, outcome_told
from curation.models import Archiving, Dataset
from curation.views import page


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def index(request: SignedInRequest, slug: str) -> HttpResponse:
    """What there is. POST asks for another, which a worker makes."""
    dataset = access.dataset_to_curate(request, slug)
    form = ArchiveForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _list(request, dataset, form, status=422 if form.is_bound else 200)
    try:
        asked = archives.ask(
            dataset_id=dataset.pk, by=request.user, has_names=form.has_names
        )
    except CurationError as refusal:
        return _list(request, dataset, form, problem=str(refusal), status=409)
    ring(tasks.make_archive, archiving_id=asked.pk)
    return redirect("curation:archives", slug)


@require_safe
@login_required
def download(request: SignedInRequest, slug: str, pk: int) -> HttpResponseBase:
    dataset = access.dataset_to_curate(request, slug)
    archiving = access.archiving_in(dataset, pk)
    try:
        return downloads.archive(request, archiving)
    except CurationError as refusal:
        status = 503 if isinstance(refusal, Unavailable) else 409
        return _list(request, dataset, ArchiveForm(), problem=str(refusal), status=status)


@require_POST
@login_required
def cancel(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    archiving = _one(request, slug, pk)
    with outcome_told(request):
        errands.cancel(archiving, by=request.user)
    return redirect("curation:archives", slug)


@require_POST
@login_required
def destroy(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    archiving = _one(request, slug, pk)
    with outcome_told(request, _("The file is destroyed.")):
        archives.destroy(archiving_id=archiving.pk, by=request.user)
    return redirect("curation:archives", slug)


def _one(request: SignedInRequest, slug: str, pk: int) -> Archiving:
    return access.archiving_in(access.dataset_to_curate(request, slug), pk)


def _list(
    request: SignedInRequest,
    dataset: Dataset,
    form: ArchiveForm,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    asked = dataset.archivings.for_listing()
    context: dict[str, Any] = {
        "dataset": dataset,
        "form": form,
        "page": page.paged(request, asked.ended()),
        "active": asked.active().first(),
        "days": Archiving.kept_for().days,
    }
    if asks_again(request, "archives"):
        return page.part(request, "_archives.html", **context)
    return page.of_dataset(
        request, template="archives.html", problem=problem, status=status, **context
    )
