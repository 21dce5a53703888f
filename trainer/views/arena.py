"""Two models before people: begun, watched, stopped."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from curation import handoff
from curation.background import ring
from curation.errors import CurationError
from curation.http import SignedInRequest, outcome_told
from trainer import access, looks, tasks
from trainer.actions import contests as actions
from trainer.judging import ContestForm

ON_A_PAGE = 25


@require_GET
@login_required
def contests(request: SignedInRequest) -> HttpResponse:
    pages = Paginator(access.contests(request), ON_A_PAGE)
    context = {"page": pages.get_page(request.GET.get("page"))}
    return render(request, "trainer/arena.html", context)


@require_GET
@login_required
def contest(request: SignedInRequest, pk: int) -> HttpResponse:
    """As it stands now, or as it stood when it ended. While people are asked only curators
    see how it stands, as those who rank are not to be swayed."""
    found = get_object_or_404(access.contests(request), pk=pk)
    may_stop = handoff.may_train(request.user, found.version_id)
    stands = actions.standing(found) if found.is_open else None
    result = (stands.as_facts() if may_stop else {}) if stands else found.result
    context = {
        "contest": found,
        "result": result,
        "ballots": stands.ballots if stands else result.get("of", 0),
        "next_look": looks.after(stands.ballots) if stands else 0,
        "may_stop": may_stop,
        "room": handoff.room_to_ask(found.dataset_id),
    }
    return render(request, "trainer/contest.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def begin(request: SignedInRequest, pk: int) -> HttpResponse:
    run = access.model_to_ask_about(request, pk)
    sent = request.POST if request.method == "POST" else None
    form = ContestForm(sent, run=run, rivals=actions.rivals_of(run))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = actions.begin(run_id=pk, by=request.user, **form.settings())
                job = actions.go_on(made.pk)
            except CurationError as refusal:
                form.add_error(None, str(refusal))
                status = 409
            else:
                if job is not None:
                    ring(tasks.execute_job, job_id=job.pk)
                return redirect("trainer:contest", made.pk)
    room = handoff.room_to_ask(run.dataset_id)
    context = {"run": run, "form": form, "room": room}
    return render(request, "trainer/contest_begin.html", context, status=status)


@require_POST
@login_required
def stop(request: SignedInRequest, pk: int) -> HttpResponse:
    access.contest_to_stop(request, pk)
    with outcome_told(request, _("Nobody is asked any more. What was said stays.")):
        actions.stop(contest_id=pk, by=request.user)
    return redirect("trainer:contest", pk)
