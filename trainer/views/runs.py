"""Runs, seen and asked for. What steers them stands in steering.py."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from curation import handoff
from curation.background import ring
from curation.errors import CurationError
from curation.http import SignedInRequest, asks_again, unless_same
from trainer import (
    access,
    board,
    curves,
    estimates,
    evidence,
    methods,
    report,
    successors,
    tasks,
)
from trainer.actions import runs as actions
from trainer.errors import NotConfirmed
from trainer.folders import folder_of
from trainer.forms import LaunchForm
from trainer.models import BaseModel, Champion, Run, ancestry
from trainer.text import is_number

RUNS_ON_A_PAGE = 25


@require_GET
@login_required
def runs(request: SignedInRequest) -> HttpResponse:
    """The runs that the person may see, newest first, and the models to start from.

    ?version=… narrows them to those of one version.
    """
    if asks_again(request, "bases"):
        return unless_same(request, render(request, "trainer/_bases.html", _bases()))
    shown = access.runs(request)
    version = request.GET.get("version", "")
    if is_number(version):
        shown = shown.filter(version=int(version))
    pages = Paginator(shown.for_listing(), RUNS_ON_A_PAGE)
    listed = pages.get_page(request.GET.get("page"))
    learned = ancestry.versions(run.pk for run in listed)
    recalled = handoff.recalled_in_each(learned)
    context = {
        "page": listed,
        "rows": [(run, recalled.get(run.pk)) for run in listed],
        "is_narrowed": is_number(version),
        "champions": Champion.objects.among(listed),
        "can_launch": handoff.has_versions_to_train(request.user),
        **_bases(),
    }
    return render(request, "trainer/runs.html", context)


def _bases() -> dict[str, Any]:
    bases = list(BaseModel.objects.for_listing())
    is_building = any(base.state == BaseModel.State.BUILDING for base in bases)
    return {"bases": bases, "is_building": is_building}


@require_GET
@login_required
def run(request: SignedInRequest, pk: int) -> HttpResponse:
    found = access.run(request, pk)
    method = methods.of(found)
    context = {
        **moving(found),
        "took": report.took(found),
        "settings": report.settings(method, found.config),
        "history": report.told(found),
        "may_steer": handoff.may_train(request.user, found.version_id),
        "recalled": handoff.recalled(found.version_id),
        "expected": estimates.outcome(found),
        "behind": handoff.address_behind(f"run-{found.pk}"),
        "champion": evidence.champion_of(found.dataset_id, found.method),
        "method": method,
        "evaluation": getattr(found, "evaluation", None),
        "inherited": report.inherited(found),
        "made_without": successors.of(found) if found.replaces_id else None,
        "removal": successors.instead_of(found),
        "twins": report.twins(found),
    }
    return render(request, "trainer/run.html", context)


def moving(run: Run) -> dict[str, Any]:
    return {
        "run": run,
        "stages": report.stages(run),
        "time_left": report.time_left(run),
        "readings": curves.readings(run),
        "curves": curves.curves(run),
        "log": report.log_tail(folder_of(run)),
        "waits_for": board.why_it_waits(run) if run.state == Run.State.QUEUED else "",
    }


@require_http_methods(["GET", "POST"])
@login_required
def launch(request: SignedInRequest) -> HttpResponse:
    """Choose a method, then what fits it; each setting has a fitting default.

    ?method=dpo shows the form of another method.
    """
    versions = access.versions_to_train(request)
    wanted = _wanted(request, [version.id for version in versions])
    form = LaunchForm(
        request.POST or None,
        method=access.method(request, wanted.get("method", "")),
        versions=versions,
        bases=list(BaseModel.objects.ready().for_listing()),
        parents=access.parents(request),
        initial=wanted,
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                found = actions.request(**form.cleaned_data, by=request.user)
            except NotConfirmed as question:
                form.add_error("recalled", str(question))
            except CurationError as refusal:
                form.add_error(None, str(refusal))
                status = 409
            else:
                ring(tasks.execute_run, run_id=found.pk)
                return redirect("trainer:run", found.pk)
    context = {"form": form, "methods": methods.EVERY}
    return render(request, "trainer/launch.html", context, status=status)


def _wanted(request: SignedInRequest, versions: list[int]) -> dict[str, Any]:
    """From the address: ?version=7, ?parent=5, or ?like=12 for another run's settings."""
    if like := request.GET.get("like", ""):
        model = _run_named(request, like)
        return {
            **model.config, "method": model.method, "version": model.version_id,
            "base": model.base_id, "parent": model.parent_id,
        }  # fmt: skip
    wanted: dict[str, Any] = {}
    if parent := request.GET.get("parent", ""):
        model = _run_named(request, parent)
        wanted |= {"parent": model.pk, "base": model.base_id, "version": model.version_id}
        if model.version_id not in versions:
            del wanted["version"]
    version = request.GET.get("version", "")
    if version and (not is_number(version) or int(version) not in versions):
        raise Http404  # no such version, or not theirs to train on
    return {**wanted, "version": int(version)} if version else wanted


def _run_named(request: SignedInRequest, number: str) -> Run:
    model = access.runs(request).filter(pk=number).first() if is_number(number) else None
    if model is None:
        raise Http404
    return model
