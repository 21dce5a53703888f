"""A person asks to be erased; a site admin does it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from curation import access, lineage
from curation.actions import erasure
from curation.errors import CurationError
from curation.http import SignedInRequest
from curation.models import Contributor, Erasure, Message


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def ask(request: SignedInRequest) -> HttpResponse:
    """The person's own wish. Their texts are taken back with it."""
    asked = Erasure.objects.filter(person=request.user).first()
    if request.method != "POST" or asked:
        return render(request, "curation/erase_me.html", {"asked": asked})
    erasure.ask(by=request.user)
    messages.success(request, _("Noted. An admin does the rest."))
    return redirect("curation:erase-me")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def erase(request: SignedInRequest, pk: int) -> HttpResponse:
    """Says first what is there; the e-mail address must be typed, as nothing comes back."""
    access.site_admins_only(request)
    unerased = Contributor.objects.exclude(erasure__done_at__isnull=False)
    person = get_object_or_404(unerased, pk=pk)
    texts = Message.objects.written_by(person).values_list("pk", flat=True)
    context: dict[str, Any] = {
        "person": person,
        "asked": Erasure.objects.filter(person=person).first(),
        "texts": len(texts),
        "reached": lineage.reached_by(texts),
    }
    if request.method != "POST":
        return render(request, "curation/erase.html", context)
    if request.POST.get("email", "").strip().lower() != person.email:
        context["problem"] = _("Type the e-mail address as it stands here.")
        return render(request, "curation/erase.html", context, status=422)
    try:
        done = erasure.erase(person_id=pk, by=request.user)
    except CurationError as refusal:
        context["problem"] = str(refusal)
        return render(request, "curation/erase.html", context, status=409)
    said = _("Erased: %(texts)d texts, and the account has no name any more.")
    messages.success(request, said % {"texts": done.texts})
    return redirect("curation:instance")
