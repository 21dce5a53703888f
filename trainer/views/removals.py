"""Models that saw texts which were taken back: trained again, compared, put in place."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from curation.background import ring
from curation.http import SignedInRequest, outcome_told
from trainer import access, saw, tasks
from trainer.actions import removals as actions


@require_http_methods(["GET", "POST"])
@login_required
def removals(request: SignedInRequest, slug: str) -> HttpResponse:
    """All models of a dataset that saw such texts, champions first. POST is for all."""
    dataset = access.dataset_to_curate(request, slug)
    if request.method == "POST":
        asked, refused = actions.ask_all(dataset_id=dataset.id, by=request.user)
        for why in refused:
            messages.error(request, why)
        if asked:
            ring(tasks.follow_removals)
            said = ngettext(
                "%(count)d model is being trained again.",
                "%(count)d models are being trained again, one after the other.",
                len(asked),
            )
            messages.success(request, said % {"count": len(asked)})
        return redirect("trainer:removals", slug)
    found = saw.texts_taken_back(dataset.id)
    context = {
        "dataset": dataset,
        "found": found,
        "may_ask": any(one.may_ask for one in found),
    }
    return render(request, "trainer/removals.html", context)


@require_POST
@login_required
def run_without(request: SignedInRequest, pk: int) -> HttpResponse:
    """One button: freeze without them, train, compare, put in place."""
    run = access.run_to_steer(request, pk)
    with outcome_told(request):
        actions.ask(run_id=run.pk, by=request.user)
        ring(tasks.follow_removals)
        said = _("A version without them is frozen, and a model is trained on it.")
        messages.success(request, said)
    return redirect("trainer:run", pk)


@require_POST
@login_required
def place(request: SignedInRequest, pk: int) -> HttpResponse:
    removal = access.removal_to_decide(request, pk)
    with outcome_told(request, _("It took the old model's place.")):
        actions.put_in_place(removal_id=pk, by=request.user)
    return redirect("trainer:run", removal.run_id)


@require_POST
@login_required
def weights_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    run = access.run_to_steer(request, pk)
    with outcome_told(request, _("Its weights are deleted. All else stays on record.")):
        actions.delete_weights(run_id=run.pk, by=request.user)
    return redirect("trainer:run", pk)
