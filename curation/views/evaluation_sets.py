"""Sets that models are measured with, for site admins."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from curation import access
from curation.actions import evaluation_sets
from curation.errors import CurationError
from curation.forms.checks import EvaluationSetForm
from curation.http import SignedInRequest, outcome_told
from curation.models import EvaluationSet


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest) -> HttpResponse:
    access.site_admins_only(request)
    if request.method != "POST":
        return _page(request, EvaluationSetForm())
    form = EvaluationSetForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=422)
    facts = {name: form.cleaned_data[name] for name in ("name", "texts")}
    try:
        evaluation_sets.add(by=request.user, **facts)
    except CurationError as refusal:
        return _page(request, form, problem=str(refusal), status=409)
    messages.success(request, _("Added. All texts are compared with it in the background."))
    return redirect("curation:evaluation-sets")


@require_POST
@login_required
def remove(request: SignedInRequest, pk: int) -> HttpResponse:
    access.site_admins_only(request)
    with outcome_told(request, _("Removed. What was found by it goes in a while.")):
        evaluation_sets.remove(set_id=pk, by=request.user)
    return redirect("curation:evaluation-sets")


def _page(
    request: SignedInRequest,
    form: EvaluationSetForm,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    sets = EvaluationSet.objects.defer("packed").select_related("added_by")
    context = {"form": form, "sets": sets.order_by("name"), "problem": problem}
    return render(request, "curation/evaluation_sets.html", context, status=status)
