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
from curation.background import ring
from curation.errors import CurationError
from curation.http import SignedInRequest
from curation.models import Contributor, Erasure, Message
from curation.tasks import carry_on_erasures


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
    """Says first what is there; the e-mail address must be typed, as nothing comes back.

    Once it is ordered, the same page says how far it is.
    """
    access.site_admins_only(request)
    person = get_object_or_404(Contributor, pk=pk)
    asked = Erasure.objects.filter(person=person).first()
    if asked is not None and asked.ordered_at is not None:
        return _show_progress(request, asked)
    texts = Message.objects.written_by(person).values_list("pk", flat=True)
    context: dict[str, Any] = {
        "person": person,
        "asked": asked,
        "texts": len(texts),
        "reached": lineage.reached_by(texts),
    }
    if request.method != "POST":
        return render(request, "curation/erase.html", context)
    if request.POST.get("email", "").strip().lower() != person.email.lower():
        context["problem"] = _("Type the e-mail address as it stands here.")
        return render(request, "curation/erase.html", context, status=422)
    try:
        erasure.order(person_id=pk, by=request.user)
    except CurationError as refusal:
        context["problem"] = str(refusal)
        return render(request, "curation/erase.html", context, status=409)
    ring(carry_on_erasures)
    return redirect("curation:erase", pk)


def _show_progress(request: SignedInRequest, asked: Erasure) -> HttpResponse:
    context = {
        "asked": asked,
        "destroyed": asked.tombstones.filter(message__author=asked.person_id).count(),
        "with_others": asked.tombstones.count(),
        "reached": lineage.reached_by(asked.tombstones.values_list("message", flat=True)),
    }
    return render(request, "curation/erasing.html", context)
