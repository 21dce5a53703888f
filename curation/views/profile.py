"""What a person tells of themselves, and how they want to work."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from curation import languages
from curation.actions import profiles
from curation.forms.profile import ProfileForm
from curation.http import SignedInRequest


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, person=request.user)
    if request.method == "POST" and form.is_valid():
        profile = profiles.save(by=request.user, fields=form.cleaned_data)
        response = redirect("curation:profile")
        languages.remember(response, profile.interface_language)
        with override(profile.interface_language or get_language()):
            messages.success(request, _("Saved."))
        return response
    status = 422 if request.method == "POST" else 200
    return render(request, "curation/profile.html", {"form": form}, status=status)
