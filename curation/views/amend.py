"""An author changes a text of theirs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from curation import access
from curation.actions import revisions
from curation.errors import CurationError
from curation.forms.conversations import AmendForm
from curation.http import SignedInRequest
from curation.models import Message


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest, pk: int) -> HttpResponse:
    """The text to change; on refusal what was typed stays on the page."""
    message = access.message_of_mine(request, pk)
    there = {"text": message.text, "context": message.context}
    if request.method != "POST":
        return _page(request, message, AmendForm(initial=there))
    form = AmendForm(request.POST)
    if not form.is_valid():
        return _page(request, message, form, status=422)
    try:
        revisions.amend(message_id=pk, by=request.user, **form.cleaned_data)
    except CurationError as refusal:
        return _page(request, message, form, problem=str(refusal), status=409)
    notices.success(request, _("Saved. Your new text goes to review."))
    return redirect("curation:me")


def _page(
    request: SignedInRequest,
    message: Message,
    form: AmendForm,
    *,
    status: int = 200,
    **said: Any,
) -> HttpResponse:
    context = {"message": message, "form": form, "seen": message.reviews.exists(), **said}
    return render(request, "curation/amend.html", context, status=status)
