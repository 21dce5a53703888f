"""How much judgement a dataset asks for, and its categories."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from curation import access
from curation.actions import datasets
from curation.errors import CurationError
from curation.forms.checks import ChecksForm
from curation.forms.datasets import CategoryChangeForm, CategoryForm, PolicyForm
from curation.http import SignedInRequest
from curation.models import Dataset
from curation.views import page


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest, slug: str) -> HttpResponse:
    dataset = access.dataset_to_curate(request, slug)
    if request.method != "POST":
        return _page(request, dataset)
    form = PolicyForm(request.POST, instance=dataset.policy)
    if not form.is_valid():
        return _page(request, dataset, form=form, status=422)
    try:
        datasets.set_policy(dataset=dataset, by=request.user, **form.cleaned_data)
    except CurationError as refusal:
        return _page(request, dataset, form=form, problem=str(refusal), status=409)
    messages.success(request, _("Saved. Work is planned by these rules from now on."))
    return redirect("curation:rules", slug)


@require_POST
@login_required
def checks(request: SignedInRequest, slug: str) -> HttpResponse:
    """What texts are looked at for, and what becomes of what is seen."""
    dataset = access.dataset_to_curate(request, slug)
    form = ChecksForm(request.POST, policy=dataset.policy)
    if not form.is_valid():
        return _page(request, dataset, checks_form=form, status=422)
    try:
        datasets.set_policy(dataset=dataset, by=request.user, checks=form.chosen())
    except CurationError as refusal:
        return _page(request, dataset, checks_form=form, problem=str(refusal), status=409)
    messages.success(request, _("Saved. New texts are looked at by these rules."))
    return redirect("curation:rules", slug)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def add_category(request: SignedInRequest, slug: str) -> HttpResponse:
    dataset = access.dataset_to_curate(request, slug)
    sent = request.POST if request.method == "POST" else None
    form = CategoryForm(sent, dataset=dataset)
    if sent is None or not form.is_valid():
        status = 200 if sent is None else 422
        return page.of_dataset(request, dataset, "category.html", form=form, status=status)
    fields = form.cleaned_data
    datasets.add_categories(dataset=dataset, categories=[fields], by=request.user)
    said = _("“%(name)s” can be written in now.") % {"name": fields["name"]}
    messages.success(request, said)
    return redirect("curation:rules", slug)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def category(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    found = access.category_to_curate(request, slug, pk)
    sent = request.POST if request.method == "POST" else None
    form = CategoryChangeForm(sent, instance=found, dataset=found.dataset)
    if sent is None or not form.is_valid():
        status = 200 if sent is None else 422
        context = {"form": form, "category": found}
        return page.of_dataset(
            request, found.dataset, "category.html", **context, status=status
        )
    datasets.change_category(category_id=pk, by=request.user, **form.cleaned_data)
    messages.success(request, _("Saved."))
    return redirect("curation:rules", slug)


def _page(
    request: SignedInRequest, dataset: Dataset, *, status: int = 200, **shown: Any
) -> HttpResponse:
    """Both forms, and the categories; what was sent comes back as it was."""
    context: dict[str, Any] = {
        "form": PolicyForm(instance=dataset.policy),
        "checks_form": ChecksForm(policy=dataset.policy),
        "categories": dataset.categories.with_progress(),
        "is_curator": True,
        **shown,
    }
    return page.of_dataset(request, dataset, "rules.html", status=status, **context)
