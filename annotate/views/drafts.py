"""Texts that were kept when their task had gone to somebody else."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Textarea, TextInput
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from annotate import access, actions
from annotate.errors import SlotGone
from annotate.models import Draft
from annotate.screens import SCREENS
from curation.http import SignedInRequest, form_address


@require_GET
@login_required
def kept(request: SignedInRequest, pk: int) -> HttpResponse:
    draft = access.draft_of_mine(request, pk)
    return render(request, "annotate/kept.html", {"draft": draft, "texts": _texts(draft)})


def _texts(draft: Draft) -> list[tuple[str, str]]:
    """What was typed, under the names that the page had for it; not what it came with."""
    slot = draft.assignment
    screen = SCREENS[slot.kind]
    form = screen.form_class(slot)
    came = screen.initial(slot)
    return [
        (str(form.fields[name].label or name), text)
        for name, text in draft.fields.items()
        if text.strip()
        and name in form.fields
        and isinstance(form.fields[name].widget, Textarea | TextInput)
        and text != came.get(name)
    ]


@form_address("annotate:kept")
@login_required
def take_up(request: SignedInRequest, pk: int) -> HttpResponse:
    """Open the task again with the text in it, if it is still free."""
    draft = access.draft_of_mine(request, pk)
    try:
        slot = actions.claim_again(draft_id=draft.pk, by=request.user)
    except SlotGone as gone:
        messages.warning(request, str(gone))
        return redirect("annotate:kept", pk)
    return redirect("annotate:task", slot.pk)


@form_address("annotate:kept")
@login_required
def discard(request: SignedInRequest, pk: int) -> HttpResponse:
    access.draft_of_mine(request, pk)
    actions.discard_draft(draft_id=pk, by=request.user)
    messages.success(request, _("The kept text is gone."))
    return redirect("annotate:home")
