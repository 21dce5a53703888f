"""What a person wrote, and what became of it."""

from __future__ import annotations

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from curation import access
from curation.actions import messages
from curation.errors import CurationError
from curation.http import SignedInRequest
from curation.models import Message
from curation.views import page

STATES = [s for s in Message.State if s != Message.State.DRAFT]


@require_GET
@login_required
def show(request: SignedInRequest) -> HttpResponse:
    rows = Message.objects.written_by(request.user).for_own_list()
    state = request.GET.get("state", "")
    if state in STATES:
        rows = rows.filter(state=state)
    context = {"page": page.paged(request, rows), "states": STATES, "state": state}
    return render(request, "curation/me.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """Asks first, and says which frozen versions hold the text."""
    message = access.message_of_mine(request, pk)
    if request.method != "POST":
        return render(request, "curation/withdraw.html", {"message": message})
    try:
        messages.withdraw(message_id=message.pk, by=request.user)
    except CurationError as refusal:
        context = {"message": message, "problem": str(refusal)}
        return render(request, "curation/withdraw.html", context, status=409)
    notices.success(request, "Taken back. Later versions leave it out.")
    return redirect("curation:me")
