"""What examples brought, and what more would bring: asked of a run, told of a dataset."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from curation import handoff
from curation.background import ring
from curation.errors import CurationError
from curation.http import SignedInRequest
from trainer import access, outlook, tasks
from trainer.actions import jobs
from trainer.jobs import forecast as forecasts
from trainer.models import Run
from trainer.trial_forms import EffectForm, ForecastForm


@require_http_methods(["GET", "POST"])
@login_required
def effect(request: SignedInRequest, pk: int) -> HttpResponse:
    """Which part of a run's examples is left out, and with how many seeds."""
    run = access.fine_tuned_run_to_take(request, pk)
    portions = handoff.portions_of(run.version_id, named=True)
    form = EffectForm(_posted(request), run=run, portions=portions)
    return _asked(request, run, "effect", form)


@require_http_methods(["GET", "POST"])
@login_required
def forecast(request: SignedInRequest, pk: int) -> HttpResponse:
    run = access.fine_tuned_run_to_take(request, pk)
    return _asked(request, run, "forecast", ForecastForm(_posted(request), run=run))


def _posted(request: SignedInRequest) -> QueryDict | None:
    """What was sent, though it may be nothing."""
    return request.POST if request.method == "POST" else None


def _asked(
    request: SignedInRequest, run: Run, kind: str, form: EffectForm | ForecastForm
) -> HttpResponse:
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                job = jobs.request(
                    kind=kind, run=run, config=form.settings(), by=request.user
                )
            except CurationError as refusal:
                form.add_error(None, str(refusal))
                status = 409
            else:
                ring(tasks.execute_job, job_id=job.pk)
                return redirect("trainer:job", job.pk)
    context = {"run": run, "form": form}
    return render(request, f"trainer/ask_{kind}.html", context, status=status)


@require_GET
@login_required
def next_hundred(request: SignedInRequest, slug: str) -> HttpResponse:
    """Of a dataset: what the newest forecast says, category by category."""
    dataset = access.dataset_to_curate(request, slug)
    job = outlook.of_dataset(dataset.id)
    context: dict[str, Any] = {
        "dataset": dataset,
        "job": job,
        "rows": forecasts.rows(job) if job else [],
        "run": outlook.newest_fine_tune(dataset.id),
    }
    return render(request, "trainer/next_hundred.html", context)
