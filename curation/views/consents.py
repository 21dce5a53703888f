"""Terms: written by admins, agreed to before the first task, listed for each person."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from curation import access
from curation.actions import consents
from curation.errors import CurationError
from curation.forms.consents import TermsForm
from curation.http import SignedInRequest, way_back
from curation.models import Consent, Dataset, Terms


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def ask(request: SignedInRequest, slug: str) -> HttpResponse:
    """What the person has not agreed to yet here. POST agrees to what was shown."""
    dataset = access.dataset(request, slug)
    back = way_back(request, reverse("curation:dataset", args=[slug]))
    waiting = consents.unanswered(request.user, dataset.pk)
    if not waiting:
        return redirect(back)
    context = {"dataset": dataset, "waiting": waiting, "back": back}
    if request.method != "POST":
        return render(request, "curation/consent.html", context)
    asked = {terms.pk for terms in waiting}
    shown = set(request.POST.getlist("terms"))
    if not request.POST.get("agree") or shown != set(map(str, asked)):
        unticked = _("Tick the box if you agree. Without that you cannot work here.")
        changed = _("The terms have changed in the meantime: read them once more.")
        context["problem"] = changed if request.POST.get("agree") else unticked
        return render(request, "curation/consent.html", context, status=422)
    consents.agree(terms_ids=asked, by=request.user)
    messages.success(request, _("Noted. You find it under “What you agreed to”."))
    return redirect(back)


@require_GET
@login_required
def mine(request: SignedInRequest) -> HttpResponse:
    """Every line of the person's ledger, and what is in force."""
    lines = Consent.objects.filter(contributor=request.user)
    in_force = set(lines.in_force().values_list("pk", flat=True))
    rows = [(line, line.pk in in_force) for line in lines.for_listing()]
    return render(request, "curation/consents.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def terms_of_instance(request: SignedInRequest) -> HttpResponse:
    """For everybody in every dataset."""
    access.site_admins_only(request)
    return _terms(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def terms_of_dataset(request: SignedInRequest, slug: str) -> HttpResponse:
    """Read by its members, written by site admins."""
    dataset = access.dataset(request, slug)
    if request.method == "POST":
        access.site_admins_only(request)
    return _terms(request, dataset)


def _terms(request: SignedInRequest, dataset: Dataset | None) -> HttpResponse:
    versions = list(Terms.objects.filter(dataset=dataset).order_by("-number"))
    newest = versions[0] if versions else None
    form = TermsForm(
        request.POST if request.method == "POST" else None, initial=_of(newest)
    )
    context: dict[str, Any] = {"dataset": dataset, "versions": versions, "form": form}
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "curation/terms.html", context, status=status)
    try:
        consents.publish(dataset=dataset, by=request.user, **form.cleaned_data)
    except CurationError as refusal:
        context["problem"] = str(refusal)
        return render(request, "curation/terms.html", context, status=409)
    messages.success(request, _("In force. People are asked before their next task."))
    return redirect(request.path)


def _of(terms: Terms | None) -> dict[str, Any]:
    if terms is None:
        return {"licence": "CC-BY-4.0", "uses": [Terms.Use.TRAINING]}
    return {"text": terms.text, "licence": terms.licence, "uses": terms.uses}
