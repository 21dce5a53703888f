"""Beside the writing: advice on the text as it is now, and what it will look like."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from annotate.coach import advise
from annotate.forms.write import WriteForm
from annotate.models import Assignment
from annotate.screens import SCREENS
from curation import rendering
from curation.clean.text import TEXT_AT_MOST
from curation.http import SignedInRequest


@require_POST
@login_required
def coach(request: SignedInRequest, pk: int) -> HttpResponse:
    """Takes the form's fields, and how much of each was pasted; writes nothing."""
    slot = get_object_or_404(Assignment.objects.for_page(), pk=pk, person=request.user)
    if slot.state != Assignment.State.LEASED:
        return HttpResponse(status=204)  # it was sent meanwhile: no advice is needed
    form = SCREENS[slot.kind].form_class(slot, request.POST)
    if not isinstance(form, WriteForm):
        raise Http404
    pasted = {name: _count(request.POST.get(f"pasted_{name}", "")) for name in form.texts}
    advice = advise(slot, form, pasted)
    return render(request, "annotate/_coach.html", {"advice": advice, "slot": slot})


@require_POST
@login_required
def preview(request: SignedInRequest) -> HttpResponse:
    """Markdown as its readers will see it."""
    text = request.POST.get("text", "")[:TEXT_AT_MOST]
    return HttpResponse(rendering.markdown(text))


def _count(digits: str) -> int:
    return int(digits) if digits.isdecimal() and len(digits) < 9 else 0
