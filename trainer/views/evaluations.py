"""What is known of how good a model is."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from curation.http import SignedInRequest
from trainer import access, evaluation


@require_GET
@login_required
def show(request: SignedInRequest, pk: int) -> HttpResponse:
    run = access.run(request, pk)
    against = evaluation.opponent(run)
    context = {
        "run": run,
        "lines": evaluation.own(run),
        "other": against[0] if against else None,
        "other_is": against[1] if against else "",
        "beside": evaluation.beside(run, against[0]) if against else [],
        "answers": evaluation.answers_of(run),
        "retention": evaluation.retention(run),
    }
    return render(request, "trainer/evaluation.html", context)
