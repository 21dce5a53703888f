"""Where people are signed in: one's own browsers, and an admin's look at another's."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from curation import access, browsers, second_step
from curation.actions import second_steps, sessions
from curation.errors import CurationError
from curation.http import SignedInRequest, outcome_told
from curation.models import Contributor, Session


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def mine(request: SignedInRequest) -> HttpResponse:
    if request.method == "POST":
        _end(request, request.user)
        return redirect("curation:sessions")
    context = {"browsers": _browsers(request, request.user), "person": request.user}
    return render(request, "curation/sessions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def of_person(request: SignedInRequest, pk: int) -> HttpResponse:
    """How somebody signs in, and where they are signed in now."""
    access.site_admins_only(request)
    person = get_object_or_404(Contributor, pk=pk)
    if request.method == "POST":
        _end(request, person)
        return redirect("curation:person-sign-in", pk)
    context = {
        "person": person,
        "browsers": _browsers(request, person),
        "steps": second_step.steps_of(person),
    }
    return render(request, "curation/person_sign_in.html", context)


@require_POST
@login_required
def take_off_second_step(request: SignedInRequest, pk: int) -> HttpResponse:
    access.site_admins_only(request)
    person = get_object_or_404(Contributor, pk=pk)
    with outcome_told(request):
        second_steps.take_off(person=person, by=request.user)
        said = _("The password of %(person)s opens the account alone again.")
        messages.success(request, said % {"person": person})
    return redirect("curation:person-sign-in", pk)


def _browsers(request: SignedInRequest, person: Contributor) -> list[dict[str, Any]]:
    here = request.session.session_key
    return [
        {
            "session": session,
            "words": browsers.name_of(session.agent),
            "is_here": session.session_key == here,
        }
        for session in Session.objects.open().filter(person=person)
    ]


def _end(request: SignedInRequest, person: Contributor) -> None:
    """The browser that was named, or all but the one that asks."""
    here = request.session.session_key
    name = request.POST.get("name", "")
    try:
        if name:
            sessions.end(person=person, name=name, by=request.user, mine=here)
            count = 1
        else:
            count = sessions.end_all(person=person, by=request.user, but=here)
    except CurationError as refusal:
        messages.error(request, str(refusal))
        return
    said = ngettext(
        "%(count)s browser is signed out.", "%(count)s browsers are signed out.", count
    )
    messages.success(request, said % {"count": count})
