"""People talk to models, to two side by side if they like."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from curation import handoff
from curation.background import ring
from curation.errors import CurationError
from curation.http import SignedInRequest
from trainer import access, board, conversing, tasks
from trainer.actions import talking
from trainer.actions import talks as actions
from trainer.models import BaseModel, Job, Talk
from trainer.talk_forms import BeginForm, SayForm

TALKS_ON_A_PAGE = 20


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def talks(request: SignedInRequest) -> HttpResponse:
    """Choose models and say something; below stand the talks that there are.

    ?run=7 chooses that run's model, beside its base.
    """
    versions = access.versions_to_train(request)
    bases = list(BaseModel.objects.ready().order_by("name")) if versions else []
    sent = request.POST if request.method == "POST" else None
    form = BeginForm(
        sent,
        runs=access.runs_to_talk_to(request),
        bases=bases,
        initial=_wanted(request),
    )
    status = 200
    if sent is not None:
        status = 422
        if form.is_valid():
            try:
                found = talking.begin(
                    models=form.models(),
                    words=form.words(),
                    key=form.cleaned_data["key"],
                    by=request.user,
                    version_id=versions[0].id if versions else None,
                )
            except CurationError as refusal:
                form.add_error(None, str(refusal))
                status = 409
            else:
                return _asked(found)
    pages = Paginator(conversing.listed(access.talks(request)), TALKS_ON_A_PAGE)
    context = {
        "form": form,
        "can_talk": bool(bases),
        "page": pages.get_page(request.GET.get("page")),
        "kept_days": actions.KEPT.days,
    }
    return render(request, "trainer/playground.html", context, status=status)


def _wanted(request: SignedInRequest) -> dict[str, Any]:
    found = access.runs_to_talk_to(request) if request.GET.get("run") else []
    for run in found:
        if str(run.pk) == request.GET["run"]:
            return {"first": f"run-{run.pk}", "second": f"base-{run.base_id}"}
    return {}


def _asked(talk: Talk) -> HttpResponse:
    talk.refresh_from_db(fields=["job"])
    if talk.job_id is not None:
        ring(tasks.execute_job, job_id=talk.job_id)
    return redirect(f"{reverse('trainer:talk', args=[talk.pk])}#last")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def talk(request: SignedInRequest, pk: int) -> HttpResponse:
    """All that was said. POST says the next thing."""
    found = access.talk(request, pk)
    form = SayForm(
        request.POST if request.method == "POST" else None,
        initial=conversing.last_settings(found) | {"key": uuid.uuid4()},
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                key = form.cleaned_data["key"]
                talking.ask(talk_id=pk, words=form.words(), key=key, by=request.user)
            except CurationError as refusal:
                form.add_error("text", str(refusal))
                status = 409
            else:
                return _asked(found)
    voices = conversing.voices(found)
    context = {
        **_live(found),
        "form": form,
        "voices": voices,
        "withdrawn": conversing.withdrawn(voices),
        "turns": conversing.turns(found),
        "dataset": handoff.frozen(found.version_id).dataset,
        "kept_days": actions.KEPT.days,
    }
    return render(request, "trainer/talk.html", context, status=status)


@require_GET
@login_required
def live(request: SignedInRequest, pk: int) -> HttpResponse:
    """The last question and its answers, as far as they are written."""
    found = access.talk(request, pk)
    if not request.htmx:
        return redirect("trainer:talk", pk)
    *_, last = conversing.turns(found, only_last=True)
    return render(request, "trainer/_talk_turn.html", {**_live(found), "turn": last})


def _live(talk: Talk) -> dict[str, Any]:
    """A job that ended well with something left is followed by another."""
    job = talk.job
    state = job.state if job else ""
    return {
        "talk": talk,
        "job": job,
        "is_working": state in {Job.State.QUEUED, Job.State.RUNNING, Job.State.FINISHED},
        "waits_for": board.why_it_waits(job) if job and state == Job.State.QUEUED else "",
    }


@require_POST
@login_required
def again(request: SignedInRequest, pk: int) -> HttpResponse:
    """The last question once more."""
    found = access.talk(request, pk)
    seed = request.POST.get("seed", "")
    try:
        if seed.isdecimal() and len(seed) < 12:
            talking.try_again(talk_id=pk, seed=int(seed), by=request.user)
    except CurationError as refusal:
        messages.error(request, str(refusal))
        return redirect("trainer:talk", pk)
    return _asked(found)


@require_POST
@login_required
def rate(request: SignedInRequest, pk: int) -> HttpResponse:
    """Thumb up, thumb down, or neither. It stays here until the answer is sent."""
    answer = access.talk_answer(request, pk)
    thumb = {"up": 1, "down": -1}.get(request.POST.get("thumb", ""), 0)
    try:
        answer.thumb = actions.rate(answer_id=pk, thumb=thumb, by=request.user).thumb
    except CurationError as refusal:
        messages.error(request, str(refusal))
    if request.htmx:
        return render(request, "trainer/_talk_opinion.html", {"answer": answer})
    address = reverse("trainer:talk", args=[answer.turn.talk_id])
    return redirect(f"{address}#answer-{pk}")


@require_POST
@login_required
def delete(request: SignedInRequest, pk: int) -> HttpResponse:
    access.talk(request, pk)
    actions.forget(talk_id=pk, by=request.user)
    messages.success(request, _("Deleted. What you sent to a dataset stays there."))
    return redirect("trainer:playground")
