"""Calling off a version that is being made. Its progress is on the page of versions."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from curation import access
from curation.actions import freezing
from curation.http import SignedInRequest, outcome_told


@require_POST
@login_required
def cancel(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    found = access.freezing_in(access.dataset_to_curate(request, slug), pk)
    with outcome_told(request):
        freezing.cancel(freezing_id=found.pk, by=request.user)
    return redirect("curation:versions", slug)
