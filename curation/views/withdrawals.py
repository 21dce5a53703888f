"""A person takes back all of their texts, and sees where any of them had gone."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from curation import contributions, lineage
from curation.actions import withdrawals
from curation.background import ring
from curation.errors import CurationError
from curation.http import SignedInRequest
from curation.models import Dataset, Withdrawal
from curation.tasks import carry_on_withdrawals


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def ask(request: SignedInRequest) -> HttpResponse:
    """All of one dataset, or everything. The texts' own number is said before."""
    datasets = contributions.datasets_to_leave(request.user)
    chosen = _chosen(request, datasets)
    context: dict[str, Any] = {
        "datasets": datasets,
        "chosen": chosen,
        "choices": _counted(request, datasets),
    }
    if request.method != "POST":
        return render(request, "curation/withdraw_all.html", context)
    if request.POST.get("dataset") != (chosen.slug if chosen else ""):
        context["problem"] = _("Choose which texts.")  # and not all of them by mistake
        return render(request, "curation/withdraw_all.html", context, status=422)
    try:
        asked = withdrawals.take_back_all(
            person=request.user, dataset=chosen, by=request.user
        )
    except CurationError as refusal:
        context["problem"] = str(refusal)
        return render(request, "curation/withdraw_all.html", context, status=409)
    if asked.state == Withdrawal.State.QUEUED:
        ring(carry_on_withdrawals)
    return redirect("curation:withdrawal", asked.pk)


@require_GET
@login_required
def show(request: SignedInRequest, pk: int) -> HttpResponse:
    """How far it is, and every version and model that holds what was taken back."""
    shown = Withdrawal.objects.select_related("message__conversation__dataset", "dataset")
    asked = get_object_or_404(shown, pk=pk, person=request.user)
    seen = Dataset.objects.visible_to(request.user).values_list("pk", flat=True)
    context = {
        "asked": asked,
        "reached": lineage.recalled_by(asked),
        "seen": set(seen),
    }
    return render(request, "curation/withdrawal.html", context)


def _chosen(request: SignedInRequest, datasets: list[Dataset]) -> Dataset | None:
    asked = request.POST if request.method == "POST" else request.GET
    slug = asked.get("dataset", "")
    return next((dataset for dataset in datasets if dataset.slug == slug), None)


def _counted(
    request: SignedInRequest, datasets: list[Dataset]
) -> list[tuple[Dataset | None, int]]:
    """How many texts each choice is about; None is all of them."""
    theirs = [Withdrawal(person=request.user, dataset=one) for one in (*datasets, None)]
    return [(one.dataset, withdrawals.texts_of(one).count()) for one in theirs]
