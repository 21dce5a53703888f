"""Which key does what, as the person wants it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from annotate.forms.keys import KeysForm
from annotate.keys import fixed
from curation.actions import profiles
from curation.http import SignedInRequest
from curation.models import Profile


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest) -> HttpResponse:
    if request.method == "POST" and "reset" in request.POST:
        profiles.remap(by=request.user, keys={})
        messages.success(request, _("Every key is as it came."))
        return redirect("annotate:keys")
    form = KeysForm(request.POST or None, chosen=Profile.of(request.user).keys)
    if request.method == "POST" and form.is_valid():
        profiles.remap(by=request.user, keys=form.keys())
        messages.success(request, _("Saved."))
        return redirect("annotate:keys")
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "fixed": fixed()}
    return render(request, "annotate/keys.html", context, status=status)
