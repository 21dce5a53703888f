"""How people sign in to the whole installation, as its admins decide it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from curation import access
from curation.actions import second_steps
from curation.forms.sign_in import SecondStepForm
from curation.http import SignedInRequest
from curation.models import Instance


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest) -> HttpResponse:
    access.site_admins_only(request)
    if request.method == "POST":
        form = SecondStepForm(request.POST)
        if form.is_valid():
            second_steps.want(by=request.user, **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("curation:sign-in")
        return render(request, "curation/sign_in.html", {"form": form}, status=422)
    form = SecondStepForm(initial={"of": Instance.current().second_step_of})
    return render(request, "curation/sign_in.html", {"form": form})
