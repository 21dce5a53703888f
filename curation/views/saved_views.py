"""Searches that people keep: saved and deleted from the browse page."""

from __future__ import annotations

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation import access
from curation.actions import saved_views
from curation.errors import CurationError
from curation.forms.browse import SavedViewForm
from curation.http import SignedInRequest, form_address
from curation.views import browse


@form_address("curation:browse")
@login_required
def save(request: SignedInRequest, slug: str) -> HttpResponse:
    """The address has the search, as on the page that the form stands on."""
    dataset = access.dataset(request, slug)
    form = SavedViewForm(request.POST)
    if not form.is_valid():
        return browse.list_page(request, dataset, saving=form, status=422)
    asked = browse.asked_by(request, dataset)
    if asked.refused:
        return browse.list_page(request, dataset, saving=form, status=422)
    try:
        view = saved_views.save(
            dataset=dataset, by=request.user, query=asked.address(), **form.cleaned_data
        )
    except CurationError as refusal:
        form.add_error("name", str(refusal))
        return browse.list_page(request, dataset, saving=form, status=409)
    notices.success(request, _("Saved. It is listed beside the results."))
    return redirect(f"{reverse('curation:browse', args=[slug])}?{view.query}")


@require_POST
@login_required
def delete(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    view = access.saved_view(request, slug, pk)
    try:
        saved_views.delete(view=view, by=request.user)
    except CurationError as refusal:
        return browse.list_page(request, view.dataset, problem=str(refusal), status=403)
    notices.success(request, _("Deleted."))
    return redirect("curation:browse", slug)
