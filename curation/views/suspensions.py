"""Somebody pauses, in a dataset or everywhere, and what they judged is asked once more."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from curation import access
from curation.actions import second_looks, suspensions
from curation.actions.rights import holds
from curation.errors import CurationError
from curation.forms.people import SuspensionForm
from curation.http import SignedInRequest, outcome_told
from curation.models import Contributor, Dataset, Suspension
from curation.views import page


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    """One person in one dataset, for its curators."""
    dataset = access.dataset_to_curate(request, slug)
    return _person(request, access.person_to_curate(request, dataset, pk), dataset)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def everywhere(request: SignedInRequest, pk: int) -> HttpResponse:
    access.site_admins_only(request)
    return _person(request, get_object_or_404(Contributor, pk=pk), None)


@require_POST
@login_required
def lift(request: SignedInRequest, pk: int) -> HttpResponse:
    there = Suspension.objects.select_related("dataset", "person")
    suspension = get_object_or_404(there, pk=pk)
    dataset = suspension.dataset
    if not (holds(request.user, dataset) if dataset else request.user.is_staff):
        raise Http404
    with outcome_told(request):
        suspensions.lift(suspension_id=pk, by=request.user)
        said = _("%(person)s goes on, and is told so.")
        messages.success(request, said % {"person": suspension.person})
    return _back(suspension.person, dataset)


@require_POST
@login_required
def ask_again(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    dataset = access.dataset_to_curate(request, slug)
    person = access.person_to_curate(request, dataset, pk)
    asked = second_looks.ask_about_person(person=person, dataset=dataset, by=request.user)
    return _page(request, person, dataset, SuspensionForm(), asked=asked)


def _person(
    request: SignedInRequest, person: Contributor, dataset: Dataset | None
) -> HttpResponse:
    if request.method != "POST":
        return _page(request, person, dataset, SuspensionForm())
    form = SuspensionForm(request.POST)
    if not form.is_valid():
        return _page(request, person, dataset, form, status=422)
    reason = form.cleaned_data["reason"]
    try:
        suspensions.suspend(
            person_id=person.pk, dataset=dataset, reason=reason, by=request.user
        )
    except CurationError as refusal:
        return _page(request, person, dataset, form, problem=str(refusal), status=409)
    messages.success(request, _("%(person)s pauses, and is told why.") % {"person": person})
    return _back(person, dataset)


def _back(person: Contributor, dataset: Dataset | None) -> HttpResponse:
    if dataset is None:
        return redirect("curation:person-pause", person.pk)
    return redirect("curation:person", dataset.slug, person.pk)


def _page(
    request: SignedInRequest,
    person: Contributor,
    dataset: Dataset | None,
    form: SuspensionForm,
    *,
    status: int = 200,
    **said: Any,
) -> HttpResponse:
    told = Suspension.objects.filter(person=person, dataset=dataset).for_listing()
    context: dict[str, Any] = {
        "person": person,
        "form": form,
        "suspensions": told,
        "in_force": told.in_force().first(),
        **said,
    }
    if said.get("asked"):
        context["asked_said"] = _asked_said(said["asked"])
    if dataset is None:
        return render(request, "curation/person.html", context, status=status)
    context["verdicts"] = second_looks.given_by(person, dataset).count()
    context["is_curator"] = True
    return page.of_dataset(request, dataset, "person.html", status=status, **context)


def _asked_said(asked: second_looks.Asked) -> str:
    said = ngettext(
        "%(count)d text waits for review again.",
        "%(count)d texts wait for review again.",
        asked.reopened,
    ) % {"count": asked.reopened}
    if asked.standing:
        said += " " + ngettext(
            "%(count)d verdict was set aside and changed nothing: others said so, too.",
            "%(count)d verdicts were set aside and changed nothing: others said so, too.",
            asked.standing,
        ) % {"count": asked.standing}
    return said
