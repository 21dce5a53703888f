"""A dataset's learning curve over its versions."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from curation import handoff
from curation.http import SignedInRequest
from trainer import access, learning
from trainer.actions import score_requests
from trainer.models import Run
from trainer.text import is_number
from trainer.views.jobs import asked


@require_GET
@login_required
def curve(request: SignedInRequest, slug: str) -> HttpResponse:
    """?method=dpo shows another method's models, ?base=3 those on another base."""
    dataset = access.dataset(request, slug)
    method = request.GET.get("method", Run.Method.SFT)
    if method not in learning.METHODS:
        raise Http404
    base = request.GET.get("base", "")
    context = {
        "dataset": dataset,
        "method": method,
        "methods": learning.METHODS,
        "curve": learning.curve(dataset.id, method, int(base) if is_number(base) else None),
        "may_steer": handoff.may_curate(request.user, dataset.id),
    }
    return render(request, "trainer/curve.html", context)


@require_POST
@login_required
def score(request: SignedInRequest, pk: int) -> HttpResponse:
    """Have a run's model say what it makes of its version's answers."""
    found = access.run_to_steer(request, pk)
    config = score_requests.config_for(found.dataset_id)
    return asked(request, found, score_requests.KIND, config)
