"""Many people at once: looked at first, then made."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from curation import access
from curation.actions import rosters
from curation.actions.rosters import What
from curation.errors import CurationError
from curation.forms.rosters import RosterForm
from curation.http import SignedInRequest


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest) -> HttpResponse:
    """POST shows what a table would do; with the sign of that, it is done."""
    access.site_admins_only(request)
    if request.method != "POST":
        return _page(request, RosterForm())
    form = RosterForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=422)
    text, sign = form.cleaned_data["text"], request.POST.get("sign", "")
    try:
        if not sign:
            return _page(request, form, plan=rosters.plan(text, by=request.user))
        done = rosters.carry_out(text=text, sign=sign, by=request.user)
    except CurationError as refusal:
        return _page(request, form, problem=str(refusal), status=409)
    count = done.count(What.MADE)
    said = ngettext("%(count)d account is there.", "%(count)d accounts are there.", count)
    messages.success(request, said % {"count": count} + " " + _("All roles are given."))
    return redirect("curation:instance")


def _page(
    request: SignedInRequest, form: RosterForm, *, status: int = 200, **said: Any
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, **said}
    if "plan" in said:
        plan = said["plan"]
        context["counts"] = [(what, plan.count(what)) for what in What]
    return render(request, "curation/roster.html", context, status=status)
