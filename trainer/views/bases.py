"""Base models: added, built, tried once more."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from curation.background import ring
from curation.errors import CurationError
from curation.http import SignedInRequest
from trainer import access, tasks
from trainer.actions import bases as actions
from trainer.forms import BaseForm
from trainer.models import BaseModel


@require_http_methods(["GET", "POST"])
@login_required
def add(request: SignedInRequest) -> HttpResponse:
    if not request.user.is_staff:
        raise Http404
    form = BaseForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                base = actions.register(**form.cleaned_data, by=request.user)
            except CurationError as refusal:
                form.add_error(None, str(refusal))
                status = 409
            else:
                return _built(request, base)
    return render(request, "trainer/base_add.html", {"form": form}, status=status)


@require_POST
@login_required
def build(request: SignedInRequest, pk: int) -> HttpResponse:
    """Try a failed one once more."""
    base = access.base_to_build(request, pk)
    try:
        base = actions.again(base_id=base.pk, by=request.user)
    except CurationError as refusal:
        messages.error(request, str(refusal))
        return redirect("trainer:runs")
    return _built(request, base)


@require_POST
@login_required
def build_starter(request: SignedInRequest) -> HttpResponse:
    """Only a worker knows which starter its sources make, so it makes the row as well."""
    if not request.user.is_staff:
        raise Http404
    ring(tasks.build_base)
    messages.success(request, _("A trainer worker was asked to build the starter model."))
    return redirect("trainer:runs")


def _built(request: SignedInRequest, base: BaseModel) -> HttpResponseRedirect:
    if not base.is_ready:
        ring(tasks.build_base, base_id=base.pk)
    said = _("%(base)s is ready.") if base.is_ready else _("%(base)s is getting ready.")
    messages.success(request, said % {"base": base})
    return redirect("trainer:runs")
