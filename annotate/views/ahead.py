"""The next task, leased while its person still works on this one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.urls import reverse

from annotate import ahead
from curation.http import SignedInRequest, form_address


@form_address("annotate:task")
@login_required
def take(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take one; with `back`, hand it back: the person goes away."""
    if request.POST.get("back"):
        ahead.give_back(by=request.user)
        return HttpResponse(status=204)
    slot = ahead.take(assignment_id=pk, by=request.user)
    if slot is None:
        return JsonResponse({"next": None})
    url = reverse("annotate:task", args=[slot.pk])
    return JsonResponse({"next": {"task": slot.address, "url": url}})
