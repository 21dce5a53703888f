"""What is known of how good a model is, and asking for more of it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from curation import handoff
from curation.http import SignedInRequest
from trainer import access, evaluation, evidence, judges, outlook, scoreboard
from trainer.jobs import forecast as forecasts
from trainer.models import BenchmarkScore, Job, Run
from trainer.text import is_number
from trainer.views.jobs import asked


@require_GET
@login_required
def show(request: SignedInRequest, pk: int) -> HttpResponse:
    run = access.run(request, pk)
    is_finished = run.state == Run.State.FINISHED
    may_steer = is_finished and handoff.may_train(request.user, run.version_id)
    context = {
        "run": run,
        "may_steer": may_steer,
        "evaluation": getattr(run, "evaluation", None),
        **(_judge(run) if run.gives_marks else _writer(run)),
        **_examples(run, may_steer=may_steer),
    }
    return render(request, "trainer/evaluation.html", context)


def _writer(run: Run) -> dict[str, Any]:
    against = evaluation.opponent(run)
    beside = evaluation.beside(run, against[0]) if against else []
    scores = BenchmarkScore.objects.for_listing().filter(run=run)
    return {
        "lines": evaluation.own(run),
        "other": against[0] if against else None,
        "other_is": against[1] if against else "",
        "beside": beside,
        "worse": [line for line in beside if line.is_worse],
        "answers": evaluation.answers_of(run),
        "forgotten": evidence.forgotten(run),
        "judges": [judges.named(one) for one in judges.to_choose(run.dataset_id)],
        "scored": [scoreboard.of_set(score) for score in scores],
        **_won(run),
    }


def _examples(run: Run, *, may_steer: bool) -> dict[str, Any]:
    """What its examples brought, and what more of them would bring."""
    if run.method != Run.Method.SFT or run.state != Run.State.FINISHED:
        return {}
    job = outlook.of_run(run)
    return {
        "has_examples": True,
        "brought": outlook.brought(run, named=may_steer),
        "forecast": job,
        "rows": forecasts.rows(job) if job else [],
    }


def _judge(run: Run) -> dict[str, Any]:
    told = judges.told(run)
    return {"judge": told, "probes": told.probed}


def _won(run: Run) -> dict[str, Any]:
    """The newest win rate, and whose it is."""
    done = Job.objects.filter(run=run, kind="wins", state=Job.State.FINISHED)
    job = done.order_by("-queued_at", "-pk").first()
    if job is None:
        return {}
    judge = judges.finished(job.result["judge"])
    return {"won": job.result, "judge": judges.told(judge) if judge else None}


@require_POST
@login_required
def ask_wins(request: SignedInRequest, pk: int) -> HttpResponse:
    run = access.model_to_ask_about(request, pk)
    judge = request.POST.get("judge", "")
    lengths = run.settings("max_new_tokens", "max_length")
    config = {"judge": int(judge) if is_number(judge) else None, **lengths}
    return asked(request, run, "wins", config, otherwise="trainer:evaluation")


@require_POST
@login_required
def ask_probes(request: SignedInRequest, pk: int) -> HttpResponse:
    run = access.run_to_steer(request, pk)
    if not run.gives_marks:
        raise Http404
    return asked(request, run, "probes", otherwise="trainer:evaluation")
