"""People are asked about a model's answers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from curation import handoff
from curation.background import ring
from curation.errors import CurationError
from curation.http import SignedInRequest
from trainer import access, tasks
from trainer.actions import jobs
from trainer.judging import AskForm


@require_http_methods(["GET", "POST"])
@login_required
def ask(request: SignedInRequest, pk: int) -> HttpResponse:
    """How many prompts, and how many answers to each; no more than people have room for."""
    run = access.model_to_ask_about(request, pk)
    room = handoff.room_to_ask(run.dataset_id)
    tokens = run.settings("max_new_tokens")
    sent = request.POST if request.method == "POST" else None
    form = AskForm(sent, room=room, dataset_id=run.dataset_id, initial=tokens)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                job = jobs.request(
                    kind="generate",
                    run=run,
                    config=form.settings() | run.settings("max_length"),
                    by=request.user,
                )
            except CurationError as refusal:
                form.add_error(None, str(refusal))
                status = 409
            else:
                ring(tasks.execute_job, job_id=job.pk)
                return redirect("trainer:job", job.pk)
    context = {"run": run, "room": room, "form": form}
    return render(request, "trainer/ask.html", context, status=status)
