"""The queue and its workers, and what an admin decides about them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from curation import handoff, renewal
from curation.errors import CurationError
from curation.http import SignedInRequest, outcome_told, unless_same
from trainer import board
from trainer.actions import attempts, order, queue
from trainer.checkup import START_WITH
from trainer.models import Budget, Job, Run
from trainer.queue_forms import BudgetsForm, PriorityForm, RulesForm
from trainer.schedule_forms import quiet_initial

KINDS = ("run", "job")


@require_GET
@login_required
def workers(request: SignedInRequest) -> HttpResponse:
    return render(request, "trainer/workers.html", _board(request))


@require_GET
@login_required
def live(request: SignedInRequest) -> HttpResponse:
    """The part of the page that moves."""
    if not request.htmx:
        return redirect("trainer:workers")
    answer = render(request, "trainer/_workers_live.html", _board(request))
    return unless_same(request, answer)


def _board(request: SignedInRequest) -> dict[str, Any]:
    """For site admins and curators; of others' datasets the latter see that, not what."""
    if not renewal.curated_by(request.user):
        raise Http404
    return {
        "board": board.board(),
        "seen": set(handoff.version_ids_for(request.user)),
        "start_with": START_WITH,
    }


@require_POST
@login_required
def prioritise(request: SignedInRequest, kind: str, pk: int) -> HttpResponse:
    if not request.user.is_staff or kind not in KINDS:
        raise Http404
    row: Run | Job = (
        get_object_or_404(Run, pk=pk) if kind == "run" else get_object_or_404(Job, pk=pk)
    )
    form = PriorityForm(request.POST)
    with outcome_told(request, _("The queue is in another order now.")):
        if not form.is_valid():
            raise CurationError(_("A priority is from -100 to 100."))
        priority = form.cleaned_data["priority"]
        queue.prioritise(row=row, priority=priority, by=request.user)
    return redirect("trainer:workers")


@require_http_methods(["GET", "POST"])
@login_required
def rules(request: SignedInRequest) -> HttpResponse:
    """Quiet hours of all, and budgets of datasets, in one form."""
    if not request.user.is_staff:
        raise Http404
    site = order.site_rules()
    datasets = renewal.curated_by(request.user)
    spent = attempts.spent([one.id for one in datasets], zone=site.time_zone)
    form = RulesForm(request.POST or None, initial=quiet_initial(site))
    budgets = BudgetsForm(
        request.POST or None,
        datasets=datasets,
        hours=dict(Budget.objects.values_list("dataset", "hours")),
        spent=spent,
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and budgets.is_valid():
            queue.set_rules(by=request.user, facts=form.quiet())
            for dataset, hours in budgets.changed():
                queue.set_budget(dataset_id=dataset, hours=hours, by=request.user)
            messages.success(request, _("Kept."))
            return redirect("trainer:workers")
    context = {"form": form, "budgets": budgets}
    return render(request, "trainer/queue_rules.html", context, status=status)
