"""What is known of how good a model is."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from curation import handoff
from curation.http import SignedInRequest
from trainer import access, evaluation, outlook
from trainer.jobs import forecast as forecasts
from trainer.models import Run


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
        **_examples(request, run),
    }
    return render(request, "trainer/evaluation.html", context)


def _examples(request: SignedInRequest, run: Run) -> dict[str, Any]:
    """What its examples brought, and what more of them would bring."""
    if run.method != Run.Method.SFT or run.state != Run.State.FINISHED:
        return {}
    may_steer = handoff.may_train(request.user, run.version_id)
    job = outlook.of_run(run)
    return {
        "may_steer": may_steer,
        "has_examples": True,
        "brought": outlook.brought(run, named=may_steer),
        "forecast": job,
        "rows": forecasts.rows(job) if job else [],
    }
