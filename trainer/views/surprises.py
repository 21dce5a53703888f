"""Accepted examples that surprise a model, for a curator's second thought."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from curation import handoff
from curation.http import SignedInRequest, outcome_told
from trainer import access, surprising
from trainer.actions import scores
from trainer.models import Surprise

Kind = Surprise.Kind


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest, slug: str) -> HttpResponse:
    """The list of ?kind=; a sent form answers one text of it."""
    dataset = access.dataset_to_think_over(request, slug)
    kind = request.GET.get("kind", Kind.DISLIKED)
    if kind not in Kind.values:
        raise Http404
    if request.method == "POST":
        return _answer(request, dataset, kind)
    context = handoff.head_of(dataset) | {
        "kind": Kind(kind),
        "means": surprising.WHAT_IT_MEANS[Kind(kind)],
        "run": surprising.scored_run(dataset),
    }
    if context["run"]:
        found = surprising.found(dataset, context["run"], kind, request.GET.get("page"))
        judge = surprising.judge_of(context["run"])
        context |= found._asdict() | {"judge": judge}
    return render(request, "trainer/surprising.html", context)


def _answer(request: SignedInRequest, dataset: Any, kind: str) -> HttpResponse:
    try:
        uid = uuid.UUID(request.POST.get("text", ""))
    except ValueError as error:
        raise Http404 from error
    with outcome_told(request):
        messages.success(request, _do(request, uid, dataset, kind))
    return redirect(request.get_full_path())


def _do(request: SignedInRequest, uid: uuid.UUID, dataset: Any, kind: str) -> str:
    action = request.POST.get("action")
    if action == "fine":
        scores.mark_fine(uid=uid, dataset=dataset, by=request.user)
        return _("Noted: it does not come up again.")
    if action == "again":
        scores.judge_again(uid=uid, dataset=dataset, kind=kind, by=request.user)
        return _("Its verdicts are set aside, and others are asked.")
    raise Http404
