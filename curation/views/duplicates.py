"""Prompts in nearly the same words: looked for on demand, merged or dismissed here."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from curation import access, alike
from curation.actions import clusters, searches
from curation.background import ring
from curation.errors import CurationError
from curation.forms.duplicates import ClusterFilterForm, ClusterForm
from curation.http import SignedInRequest
from curation.models import Dataset, DuplicateSearch
from curation.tasks import find_duplicates
from curation.views import page

PAGE = 10  # clusters


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest, slug: str) -> HttpResponse:
    dataset = access.dataset_to_curate(request, slug)
    if request.method == "POST":
        return _decide(request, dataset)
    return _page(request, dataset)


@require_POST
@login_required
def search(request: SignedInRequest, slug: str) -> HttpResponse:
    dataset = access.dataset_to_curate(request, slug)
    try:
        searches.ask(dataset=dataset, by=request.user)
    except CurationError as refusal:
        return _page(request, dataset, problem=str(refusal), status=409)
    ring(find_duplicates, dataset_id=dataset.pk)
    messages.success(request, _("It is being looked for. You can go on meanwhile."))
    return redirect("curation:duplicates", slug)


def _decide(request: SignedInRequest, dataset: Dataset) -> HttpResponse:
    form = ClusterForm(request.POST)
    if not form.is_valid():
        problem = " ".join(str(error) for error in form.non_field_errors())
        return _page(request, dataset, problem=problem, status=422)
    only = [form.member] if form.member else None
    ids = alike.chosen(dataset, members=only, clusters=form.clusters)
    verb = clusters.merge if form.is_merge else clusters.dismiss
    try:
        verb(member_ids=ids, by=request.user)
    except CurationError as refusal:
        return _page(request, dataset, problem=str(refusal), status=409)
    said = ngettext("Noted for %(count)d prompt.", "Noted for %(count)d prompts.", len(ids))
    messages.success(request, said % {"count": len(ids)})
    return redirect(request.get_full_path())


def _page(
    request: SignedInRequest, dataset: Dataset, *, status: int = 200, **said: Any
) -> HttpResponse:
    asked = ClusterFilterForm(request.GET)
    asked.is_valid()  # what is not known is left out
    wanted = asked.cleaned_data
    rows = alike.found(dataset, is_open=not wanted.get("state"))
    if wanted.get("after"):
        rows = rows.filter(pk__lt=wanted["after"])
    there = list(rows.order_by("-pk")[: PAGE + 1])
    last = DuplicateSearch.objects.filter(dataset=dataset).select_related("asked_by")
    latest = last.first()
    context = {
        "clusters": there[:PAGE],
        "following": there[PAGE - 1].pk if len(there) > PAGE else None,
        "chosen": wanted,
        "search": latest,
        "is_running": latest is not None and searches.is_running(latest),
        "is_curator": True,
    }
    return page.of_dataset(
        request, dataset, "duplicates.html", status=status, **context, **said
    )
