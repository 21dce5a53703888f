"""A version as files in which nobody is named: who got one, and the files themselves."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from curation import access, downloads, handoff
from curation.actions import exports
from curation.errors import CurationError
from curation.forms.exports import ExportForm
from curation.http import SignedInRequest
from curation.models import Conversation
from curation.views import page


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest, slug: str, number: int) -> HttpResponse:
    dataset = access.dataset_to_curate(request, slug)
    version = access.version(request, slug, number)
    form = ExportForm(request.POST if request.method == "POST" else None)
    context = {
        "version": version,
        "form": form,
        "recalled": handoff.recalled(version.pk),
        "splits": Conversation.Split,
        "page": page.paged(
            request, version.exports.select_related("made_by").order_by("-pk")
        ),
    }
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return page.of_dataset(request, dataset, "exports.html", **context, status=status)
    try:
        exports.make(version=version, by=request.user, **form.cleaned_data)
    except CurationError as refusal:
        context["problem"] = str(refusal)
        return page.of_dataset(request, dataset, "exports.html", **context, status=409)
    messages.success(request, _("Made. Its files are below."))
    return redirect("curation:exports", slug, number)


@require_safe
@login_required
def download(
    request: SignedInRequest, slug: str, number: int, pk: int, split: str
) -> HttpResponseBase:
    access.dataset_to_curate(request, slug)
    version = access.version(request, slug, number)
    export = get_object_or_404(version.exports, pk=pk)
    if split not in Conversation.Split.values:
        raise Http404
    try:
        return downloads.export(request, export, split)
    except CurationError as refusal:
        messages.error(request, str(refusal))
        return redirect("curation:version", slug, number)
