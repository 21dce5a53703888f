"""Which model a dataset stands on: the evidence, the decision, its history."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from curation import handoff
from curation.errors import CurationError
from curation.http import SignedInRequest, outcome_told
from trainer import access, evidence, league
from trainer.actions import promotions as actions
from trainer.judging import PolicyForm, PromoteForm
from trainer.models import Champion, Promotion, Run, ancestry
from trainer.text import is_number

DECISIONS_SHOWN = 50


@require_http_methods(["GET", "POST"])
@login_required
def promotion(request: SignedInRequest, pk: int) -> HttpResponse:
    """All that speaks for and against a finished run; curators decide here."""
    run = access.run(request, pk)
    if run.state != Run.State.FINISHED:
        return redirect("trainer:run", pk)
    may_decide = handoff.may_curate(request.user, run.dataset_id)
    context = {"run": run, **evidence.case_for(run, is_curated=may_decide)}
    form, status = PromoteForm(_posted(request), is_needed=bool(context["unmet"])), 200
    if request.method == "POST":
        if not may_decide:
            raise Http404
        status = 422
        if form.is_valid():
            try:
                actions.promote(run_id=pk, by=request.user, **form.cleaned_data)
            except CurationError as refusal:
                form.add_error(None, str(refusal))
                status = 409
            else:
                messages.success(request, _("It is the champion now."))
                return redirect("trainer:standing", run.version.dataset.slug)
    context |= {"form": form, "may_decide": may_decide}
    return render(request, "trainer/promotion.html", context, status=status)


def _posted(request: SignedInRequest) -> QueryDict | None:
    """What was sent, though it may be nothing: a button alone is an answer too."""
    return request.POST if request.method == "POST" else None


@require_GET
@login_required
def standing(request: SignedInRequest, slug: str) -> HttpResponse:
    """A dataset's champions, how its models fare with people, and what was decided."""
    dataset = access.dataset(request, slug)
    champions = list(Champion.objects.for_listing().filter(dataset=dataset.id))
    decisions = Promotion.objects.for_listing().filter(dataset=dataset.id)
    policy = evidence.policy_of(dataset.id)
    learned = ancestry.versions(one.run_id for one in champions)
    recalled = handoff.recalled_in_each(learned)
    board = league.board(dataset.id, champions, confidence=policy.confidence)
    shown = league.shown(board, policy, is_curated=dataset.is_curated)
    context = {
        "dataset": dataset,
        "champions": [(one, recalled.get(one.run_id)) for one in champions],
        "board": shown,
        "left_out": len(board) - len(shown),
        "decisions": [
            (one, evidence.told(one, policy, is_curated=dataset.is_curated))
            for one in decisions[:DECISIONS_SHOWN]
        ],
        "policy": policy,
    }
    return render(request, "trainer/standing.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def policy(request: SignedInRequest, slug: str) -> HttpResponse:
    dataset = access.dataset_to_curate(request, slug)
    form = PolicyForm(_posted(request), instance=evidence.policy_of(dataset.id))
    if request.method == "POST" and form.is_valid():
        actions.set_policy(dataset_id=dataset.id, by=request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("trainer:standing", slug)
    status = 422 if form.errors else 200
    context = {"dataset": dataset, "form": form}
    return render(request, "trainer/promotion_policy.html", context, status=status)


@require_POST
@login_required
def rollback(request: SignedInRequest, slug: str) -> HttpResponse:
    dataset = access.dataset_to_curate(request, slug)
    seen = request.POST.get("run", "")
    with outcome_told(request, _("The champion before it is back.")):
        actions.roll_back(
            dataset_id=dataset.id,
            method=request.POST.get("method", ""),
            run_id=int(seen) if is_number(seen) else 0,
            by=request.user,
        )
    return redirect("trainer:standing", slug)
