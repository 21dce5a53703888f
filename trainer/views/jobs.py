"""Jobs on a model: seen and steered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from curation import handoff
from curation.background import ring
from curation.errors import CurationError
from curation.http import SignedInRequest
from trainer import access, report, tasks
from trainer.actions import jobs as actions
from trainer.child import LOG
from trainer.jobs.kinds import KINDS
from trainer.launch import folder_of_job
from trainer.models import Job


@require_GET
@login_required
def job(request: SignedInRequest, pk: int) -> HttpResponse:
    found = access.job(request, pk)
    context = {
        **_live(found),
        "took": report.took(found),
        "history": report.told(found),
        **_result(found),
        "may_steer": handoff.may_train(request.user, found.version_id),
        "recalled": handoff.recalled(found.version_id),
    }
    return render(request, "trainer/job.html", context)


@require_GET
@login_required
def live(request: SignedInRequest, pk: int) -> HttpResponse:
    """The part of the page that moves. When the job has ended, all of the page is new."""
    found = access.job(request, pk)
    if not request.htmx:
        return redirect("trainer:job", pk)
    answer = render(request, "trainer/_job_live.html", _live(found))
    if not found.is_active:
        answer["HX-Refresh"] = "true"
    return answer


def _result(found: Job) -> dict[str, Any]:
    kind = KINDS.get(found.kind)
    if kind is None or found.state != Job.State.FINISHED:
        return {}
    return kind.shown(found)


def _live(found: Job) -> dict[str, Any]:
    kind = KINDS.get(found.kind)
    return {
        "job": found,
        "label": kind.label if kind else found.kind,
        "template": kind.template if kind else "",
        "log": report.log_tail(folder_of_job(found)),
    }


@require_POST
@login_required
def cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    said = _("It stops within seconds.")
    return _steered(request, pk, lambda: actions.cancel(job_id=pk, by=request.user), said)


@require_POST
@login_required
def pause(request: SignedInRequest, pk: int) -> HttpResponse:
    said = _("It stops within seconds, to go on later.")
    return _steered(request, pk, lambda: actions.pause(job_id=pk, by=request.user), said)


@require_POST
@login_required
def retry(request: SignedInRequest, pk: int) -> HttpResponse:
    def again() -> None:
        actions.retry(job_id=pk, by=request.user)
        ring(tasks.execute_job, job_id=pk)

    return _steered(request, pk, again, _("It is queued again."))


def _steered(
    request: SignedInRequest, pk: int, act: Callable[[], object], said: str
) -> HttpResponse:
    access.job_to_steer(request, pk)
    try:
        act()
    except CurationError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("trainer:job", pk)


@require_GET
@login_required
def log(request: SignedInRequest, pk: int) -> HttpResponse:
    """The whole log as a download, never as a page."""
    path = folder_of_job(access.job_to_steer(request, pk)) / LOG
    if not path.exists():
        raise Http404
    answer = HttpResponse(path.read_bytes(), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="job-{pk}.log"'
    return answer
