"""Models to take away: an adapter as it is, whole weights, or several adapters in one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from curation import partial
from curation.background import ring
from curation.errors import CurationError
from curation.http import SignedInRequest
from trainer import access, saw, takeaway, tasks
from trainer.actions import merges
from trainer.forms import MergeForm
from trainer.jobs import export
from trainer.models import Run
from trainer.packed import zipped
from trainer.views.jobs import asked


@require_safe
@login_required
def adapter(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """The run's adapter with its card, for those who curate its dataset.

    Of a run that tuned all weights its model, as it is.
    """
    run = access.finished_run_to_take(request, pk)
    if run.retired_at is not None:
        return _refused(run)
    files = takeaway.files(run)
    if not files:
        raise Http404
    card = (takeaway.CARD, takeaway.card_of(run))
    return _sent(request, f"run-{run.pk}-{takeaway.made_by(run)}", [card, *files.items()])


def _refused(run: Run) -> HttpResponse:
    return HttpResponse(saw.why_retired(run), status=409, content_type="text/plain")


@require_POST
@login_required
def run_export(request: SignedInRequest, pk: int) -> HttpResponse:
    """Have whole weights made, for those who may take the model away."""
    run = access.finished_run_to_take(request, pk)
    done = _("A trainer worker was asked. The files will be here.")
    return asked(request, run, export.KIND.name, done=done)


@require_http_methods(["GET", "POST"])
@login_required
def run_merge(request: SignedInRequest, pk: int) -> HttpResponse:
    """With adapters of other runs on the same base that the person may take as well."""
    run = access.finished_run_to_take(request, pk)
    if run.is_whole or run.gives_marks:
        raise Http404
    form = MergeForm(request.POST or None, others=access.runs_to_merge(request, run))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            others, way = form.cleaned_data["runs"], form.cleaned_data["way"]
            try:
                made = merges.request(run_ids=[pk, *others], way=way, by=request.user)
            except CurationError as refusal:
                form.add_error(None, str(refusal))
                status = 409
            else:
                ring(tasks.execute_run, run_id=made.pk)
                return redirect("trainer:run", made.pk)
    context = {"run": run, "form": form}
    return render(request, "trainer/merge.html", context, status=status)


@require_safe
@login_required
def job_files(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """What an export made."""
    job = access.job_to_take(request, pk)
    if job.run is not None and job.run.retired_at is not None:
        return _refused(job.run)
    files = takeaway.exported(job)
    if not files:
        raise Http404
    return _sent(request, f"{job.kind}-{job.pk}", files.items())


def _sent(
    request: SignedInRequest, name: str, files: Iterable[tuple[str, Path | bytes]]
) -> HttpResponseBase:
    content = zipped((f"{name}/{inner}", content) for inner, content in files)
    return partial.stream(request, content, name=f"{name}.zip", kind="application/zip")
