"""Webhooks of a dataset and of the site: added, changed, tried, and what they were sent."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from curation import access, tasks
from curation.actions import deliveries, hooks
from curation.background import ring
from curation.errors import CurationError
from curation.forms.hooks import HookForm
from curation.http import SignedInRequest, outcome_told
from curation.models import Dataset, Delivery, Hook
from curation.views import page

DELIVERIES_SHOWN = 25


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def of_dataset(request: SignedInRequest, slug: str) -> HttpResponse:
    return _list(request, access.dataset_to_curate(request, slug))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def of_site(request: SignedInRequest) -> HttpResponse:
    access.site_admins_only(request)
    return _list(request, None)


@sensitive_variables("secret")
def _list(request: SignedInRequest, dataset: Dataset | None) -> HttpResponse:
    """All of them; POST adds one. Its secret is on the answer, and nowhere else."""
    if request.method != "POST":
        return _listed(request, dataset, HookForm())
    form = HookForm(request.POST)
    if not form.is_valid():
        return _listed(request, dataset, form, status=422)
    try:
        hook, secret = hooks.add(dataset=dataset, by=request.user, **form.cleaned_data)
    except CurationError as refusal:
        form.add_error(None, str(refusal))
        return _listed(request, dataset, form, status=409)
    return _shown(request, hook, HookForm.of(hook), secret=secret)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest, pk: int) -> HttpResponse:
    """One, with what it was sent; POST changes it."""
    hook = access.hook(request, pk)
    if request.method != "POST":
        return _shown(request, hook, HookForm.of(hook))
    form = HookForm(request.POST)
    if not form.is_valid():
        return _shown(request, hook, form, status=422)
    try:
        hooks.change(hook_id=hook.pk, by=request.user, **form.cleaned_data)
    except CurationError as refusal:
        form.add_error(None, str(refusal))
        return _shown(request, hook, form, status=409)
    messages.success(request, _("Saved."))
    return redirect("curation:hook", hook.pk)


@require_GET
@login_required
def log(request: SignedInRequest, pk: int) -> HttpResponse:
    """What it was sent, alone: the page asks for it again."""
    hook = access.hook(request, pk)
    return page.part(request, "_hook_log.html", **_sent(request, hook))


@require_POST
@login_required
def test(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send a test now; what was answered is the first line of what it was sent."""
    hook = access.hook(request, pk)
    sent = deliveries.ping(hook_id=hook.pk, by=request.user)
    if sent.state == Delivery.State.DELIVERED:
        messages.success(request, _("The test was taken."))
    else:
        messages.error(request, _("The test was not taken. See below what came back."))
    return redirect("curation:hook", hook.pk)


@never_cache
@sensitive_variables("secret")
@require_POST
@login_required
def new_secret(request: SignedInRequest, pk: int) -> HttpResponse:
    hook = access.hook(request, pk)
    hook, secret = hooks.new_secret(hook_id=hook.pk, by=request.user)
    return _shown(request, hook, HookForm.of(hook), secret=secret)


@require_POST
@login_required
def switch(request: SignedInRequest, pk: int) -> HttpResponse:
    hook = access.hook(request, pk)
    hooks.switch(hook_id=hook.pk, is_on=request.POST.get("on") == "yes", by=request.user)
    ring(tasks.send_deliveries)
    return redirect("curation:hook", hook.pk)


@require_POST
@login_required
def remove(request: SignedInRequest, pk: int) -> HttpResponse:
    hook = access.hook(request, pk)
    hooks.remove(hook_id=hook.pk, by=request.user)
    messages.success(request, _("The webhook is gone. It is told nothing any more."))
    if hook.dataset is None:
        return redirect("curation:site-hooks")
    return redirect("curation:hooks", hook.dataset.slug)


@require_POST
@login_required
def send_again(request: SignedInRequest, pk: int, delivery: int) -> HttpResponse:
    hook = access.hook(request, pk)
    sent = access.delivery_of(hook, delivery)
    with outcome_told(request):
        deliveries.send_again(delivery_id=sent.pk, by=request.user)
        ring(tasks.send_deliveries)
        messages.success(request, _("It is sent again within seconds."))
    return redirect("curation:hook", hook.pk)


def _listed(
    request: SignedInRequest, dataset: Dataset | None, form: HookForm, *, status: int = 200
) -> HttpResponse:
    found = Hook.objects.of(dataset).select_related("made_by")
    context = {"form": form, "hooks": found}
    return _under(request, dataset, "hooks.html", status=status, **context)


def _shown(
    request: SignedInRequest, hook: Hook, form: HookForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = {"form": form, **_sent(request, hook), **more}
    return _under(request, hook.dataset, "hook.html", status=status, **context)


def _sent(request: SignedInRequest, hook: Hook) -> dict[str, Any]:
    sent = Delivery.objects.filter(hook=hook).for_listing()
    return {"hook": hook, "page": page.paged(request, sent, size=DELIVERIES_SHOWN)}


def _under(
    request: SignedInRequest, dataset: Dataset | None, template: str, **context: Any
) -> HttpResponse:
    if dataset is not None:
        return page.of_dataset(request, dataset, template, **context)
    status = context.pop("status")
    return render(request, f"curation/{template}", context, status=status)
