"""Texts that were kept when their task had gone to somebody else."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from annotate import access, actions
from annotate.errors import SlotGone
from curation.http import SignedInRequest, form_address


@require_GET
@login_required
def kept(request: SignedInRequest, pk: int) -> HttpResponse:
    draft = access.draft_of_mine(request, pk)
    texts = {name: text for name, text in draft.fields.items() if text}
    return render(request, "annotate/kept.html", {"draft": draft, "texts": texts})


@form_address("annotate:kept")
@login_required
def take_up(request: SignedInRequest, pk: int) -> HttpResponse:
    """Open the task again with the text in it, if it is still free."""
    draft = access.draft_of_mine(request, pk)
    try:
        slot = actions.claim_again(draft_id=draft.pk, by=request.user)
    except SlotGone:
        messages.warning(
            request, "This task has been done by somebody else. Your text stays here."
        )
        return redirect("annotate:kept", pk)
    return redirect("annotate:task", slot.pk)


@form_address("annotate:kept")
@login_required
def discard(request: SignedInRequest, pk: int) -> HttpResponse:
    access.draft_of_mine(request, pk)
    actions.discard_draft(draft_id=pk, by=request.user)
    messages.success(request, "The kept text is gone.")
    return redirect("annotate:home")
