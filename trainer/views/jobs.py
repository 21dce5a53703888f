"""Jobs on a model, seen. What steers them stands in steering.py."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from curation import handoff
from curation.background import ring
from curation.http import SignedInRequest, outcome_told
from trainer import access, report, tasks
from trainer.actions import jobs as actions
from trainer.folders import folder_of_job
from trainer.jobs.kinds import KINDS
from trainer.models import Job, Run


@require_GET
@login_required
def job(request: SignedInRequest, pk: int) -> HttpResponse:
    found = access.job(request, pk)
    context = {
        **moving(found),
        "took": report.took(found),
        "history": report.told(found),
        **_result(found),
        "may_steer": handoff.may_train(request.user, found.version_id),
        "recalled": handoff.recalled(found.version_id),
    }
    return render(request, "trainer/job.html", context)


def asked(
    request: SignedInRequest,
    run: Run,
    kind: str,
    config: dict[str, Any] | None = None,
    *,
    otherwise: str = "trainer:run",
    done: str = "",
) -> HttpResponse:
    """Ask for a job on a run's model, and go to its page; where it is refused, back."""
    with outcome_told(request, done):
        found = actions.request(kind=kind, run=run, config=config, by=request.user)
        ring(tasks.execute_job, job_id=found.pk)
        return redirect("trainer:job", found.pk)
    return redirect(otherwise, run.pk)


def _result(found: Job) -> dict[str, Any]:
    kind = KINDS.get(found.kind)
    if kind is None or found.state != Job.State.FINISHED:
        return {}
    return kind.shown(found)


def moving(found: Job) -> dict[str, Any]:
    kind = KINDS.get(found.kind)
    return {
        "job": found,
        "label": kind.label if kind else found.kind,
        "template": kind.template if kind else "",
        "log": report.log_tail(folder_of_job(found)),
    }
