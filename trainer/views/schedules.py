"""Schedules: planned, seen with what came of them, and steered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from curation import renewal
from curation.background import ring
from curation.errors import CurationError
from curation.http import SignedInRequest, outcome_told
from trainer import access, methods, report, tasks
from trainer.actions import firings
from trainer.actions import schedules as actions
from trainer.models import Schedule
from trainer.schedule_forms import ScheduleForm, change_form, new_form, usual
from trainer.text import is_number

FIRINGS_ON_A_PAGE = 25


@require_GET
@login_required
def schedules(request: SignedInRequest) -> HttpResponse:
    shown = access.schedules(request)
    context = {
        "schedules": list(shown.for_listing()),
        "can_plan": bool(renewal.curated_by(request.user)),
    }
    return render(request, "trainer/schedules.html", context)


@require_GET
@login_required
def schedule(request: SignedInRequest, pk: int) -> HttpResponse:
    found = access.schedule(request, pk)
    pages = Paginator(found.firings.for_listing(), FIRINGS_ON_A_PAGE)
    waits = None if found.goes_by_the_clock else firings.waiting(found)
    context = {
        "schedule": found,
        "page": pages.get_page(request.GET.get("page")),
        "waits": waits,
        "is_busy": found.firings.open().exists(),
        "followers": found.followers.order_by("name", "pk"),
        "settings": report.settings(methods.named(found.method), found.config),
    }
    return render(request, "trainer/schedule.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def make(request: SignedInRequest) -> HttpResponse:
    """Plan one; ?dataset=… chooses, ?method=dpo shows the form of another method, and
    ?like=12 takes a run's method, base and settings."""
    like = request.GET.get("like", "")
    run = access.runs(request).filter(pk=like).first() if is_number(like) else None
    if like and run is None:
        raise Http404
    method = access.method(request, run.method if run else "")
    wanted = usual(method)
    if run is not None:
        wanted |= run.config if run.method == method.name else {}
        wanted |= {"base": run.base_id, "dataset": run.version.dataset_id}
        wanted |= {"start": run.parent_id} if run.parent_id else {}
    elif is_number(request.GET.get("dataset", "")):
        wanted["dataset"] = int(request.GET["dataset"])
    form = new_form(request, method, wanted, request.POST or None)

    def kept() -> Schedule:
        dataset = form.cleaned_data["dataset"]
        return actions.create(dataset_id=dataset, by=request.user, facts=form.facts())

    return _filled_in(request, form, kept, {})


@require_http_methods(["GET", "POST"])
@login_required
def change(request: SignedInRequest, pk: int) -> HttpResponse:
    found = access.schedule(request, pk)
    method = access.method(request, found.method)
    form = change_form(request, found, method, request.POST or None)

    def kept() -> Schedule:
        facts = form.facts()
        return actions.change(schedule_id=found.pk, by=request.user, facts=facts)

    return _filled_in(request, form, kept, {"schedule": found})


def _filled_in(
    request: SignedInRequest,
    form: ScheduleForm,
    kept: Callable[[], Schedule],
    context: dict[str, Any],
) -> HttpResponse:
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                found = kept()
            except CurationError as refusal:
                form.add_error(None, str(refusal))
                status = 409
            else:
                messages.success(request, _("Kept."))
                return redirect("trainer:schedule", found.pk)
    context = {**context, "form": form, "methods": methods.EVERY}
    return render(request, "trainer/schedule_form.html", context, status=status)


@require_POST
@login_required
def steer(request: SignedInRequest, pk: int) -> HttpResponse:
    """`act` is run, pause, resume or delete."""
    found = access.schedule(request, pk)
    act = request.POST.get("act", "")
    if act not in STEERING:
        raise Http404
    with outcome_told(request):
        said = STEERING[act](request, found.pk)
        messages.success(request, said)
        if act == "delete":
            return redirect("trainer:schedules")
    return redirect("trainer:schedule", pk)


def _run(request: SignedInRequest, pk: int) -> str:
    firing = actions.run_now(schedule_id=pk, by=request.user)
    ring(tasks.fire, firing_id=firing.pk)
    return _("It freezes a version now, and then asks for the run.")


def _pause(request: SignedInRequest, pk: int) -> str:
    actions.pause(schedule_id=pk, by=request.user)
    return _("Paused.")


def _resume(request: SignedInRequest, pk: int) -> str:
    actions.resume(schedule_id=pk, by=request.user)
    return _("It goes on.")


def _delete(request: SignedInRequest, pk: int) -> str:
    actions.delete(schedule_id=pk, by=request.user)
    return _("Deleted. Its runs stay.")


STEERING: dict[str, Callable[[SignedInRequest, int], str]] = {
    "run": _run,
    "pause": _pause,
    "resume": _resume,
    "delete": _delete,
}
