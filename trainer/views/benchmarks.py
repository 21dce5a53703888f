"""Questions with known answers: added, put to models, compared."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from curation.background import ring
from curation.errors import CurationError
from curation.handoff import Campaign
from curation.http import SignedInRequest, outcome_told
from trainer import access, scoreboard, tasks
from trainer.actions import benchmarks as actions
from trainer.actions import jobs
from trainer.benchmark_forms import BenchmarkForm, QuestionForm
from trainer.models import Benchmark, BenchmarkScore, Run

MODELS_AT_MOST = 100


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest, slug: str) -> HttpResponse:
    """The sets of a dataset, and how its models did; curators add one here."""
    if request.method != "POST":
        return _page(request, access.dataset(request, slug), BenchmarkForm())
    dataset = access.dataset_to_curate(request, slug)
    form, status = BenchmarkForm(request.POST, request.FILES), 422
    if form.is_valid():
        facts = {name: form.cleaned_data[name] for name in ("name", "questions")}
        try:
            actions.add(dataset_id=dataset.id, by=request.user, **facts)
        except CurationError as refusal:
            form.add_error(None, str(refusal))
            status = 409
        else:
            messages.success(request, _("Added. Now ask a model."))
            return redirect("trainer:benchmarks", slug)
    return _page(request, dataset, form, status=status)


@require_POST
@login_required
def ask(request: SignedInRequest, slug: str) -> HttpResponse:
    dataset = access.dataset_to_curate(request, slug)
    form, status = _question_form(dataset, request.POST), 422
    if form.is_valid():
        try:
            job = jobs.request(kind="benchmark", by=request.user, **form.request())
        except CurationError as refusal:
            form.add_error(None, str(refusal))
            status = 409
        else:
            ring(tasks.execute_job, job_id=job.pk)
            return redirect("trainer:job", job.pk)
    return _page(request, dataset, BenchmarkForm(), asking=form, status=status)


@require_POST
@login_required
def remove(request: SignedInRequest, pk: int) -> HttpResponse:
    there = access.benchmark_to_change(request, pk)
    with outcome_told(request, _("Removed, with all that models came to on it.")):
        actions.remove(benchmark_id=pk, by=request.user)
    return redirect("trainer:benchmarks", there.dataset.slug)


def _page(
    request: SignedInRequest,
    dataset: Campaign,
    form: BenchmarkForm,
    *,
    asking: QuestionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    sets = list(Benchmark.objects.for_listing().filter(dataset=dataset.id))
    found: dict[int, list[scoreboard.Row]] = {one.pk: [] for one in sets}
    for score in BenchmarkScore.objects.for_listing().filter(benchmark__in=sets):
        found[score.benchmark_id].append(scoreboard.of_model(score))
    context: dict[str, Any] = {
        "dataset": dataset,
        "sets": [(one, found[one.pk]) for one in sets],
        "form": form,
    }
    if dataset.is_curated and sets:
        context["asking"] = asking or _question_form(dataset)
    return render(request, "trainer/benchmarks.html", context, status=status)


def _question_form(dataset: Campaign, data: Any = None) -> QuestionForm:
    runs = Run.objects.for_listing().usable().filter(version__dataset=dataset.id)
    theirs = runs.exclude(method=Run.Method.REWARD)[:MODELS_AT_MOST]
    sets = Benchmark.objects.for_listing().filter(dataset=dataset.id)
    return QuestionForm(data, sets=list(sets), runs=list(theirs))
