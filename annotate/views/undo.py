"""Take back what was just sent or skipped; what was done last."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from annotate import history, undo
from annotate.models import Assignment, Skip, Submission
from annotate.views.task import is_card
from curation.errors import CurationError
from curation.http import SignedInRequest, form_address


@form_address("annotate:home", keeping=())
@login_required
def submission(request: SignedInRequest, key: UUID) -> HttpResponse:
    try:
        slot = undo.take_back(key=key, by=request.user)
    except Submission.DoesNotExist as missing:
        raise Http404 from missing
    except CurationError as refusal:
        return _refused(request, refusal)
    return _to_task(request, slot)


@form_address("annotate:home", keeping=())
@login_required
def skip(request: SignedInRequest, pk: int) -> HttpResponse:
    try:
        slot = undo.take_back_skip(skip_id=pk, by=request.user)
    except Skip.DoesNotExist as missing:
        raise Http404 from missing
    except CurationError as refusal:
        return _refused(request, refusal)
    return _to_task(request, slot)


@require_GET
@login_required
def lately(request: SignedInRequest) -> HttpResponse:
    """The strip alone, for a card that came without one."""
    context = {"history": history.lately(request.user)}
    return render(request, "annotate/_history.html", context)


def _to_task(request: SignedInRequest, slot: Assignment) -> HttpResponse:
    address = reverse("annotate:task", args=[slot.pk])
    said = _("Taken back. It is yours again, with what you wrote.")
    if is_card(request):
        return JsonResponse({"url": address, "message": said})
    messages.success(request, said)
    return redirect(address)


def _refused(request: SignedInRequest, refusal: CurationError) -> HttpResponse:
    if is_card(request):
        return JsonResponse({"problem": str(refusal)}, status=409)
    messages.error(request, str(refusal))
    return redirect("annotate:home")
