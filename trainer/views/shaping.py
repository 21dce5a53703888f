"""What people's work did in models: their own, and what shaped a model's answers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from curation.http import SignedInRequest
from trainer import access, shaping
from trainer.views.jobs import asked


@require_GET
@login_required
def mine(request: SignedInRequest) -> HttpResponse:
    """The answers that the person's own texts helped to be what they are, by model."""
    context = {"parts": shaping.of_person(request.user)}
    return render(request, "trainer/mine.html", context)


@require_POST
@login_required
def look(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask which examples shaped the answers of a finished run's model."""
    return asked(request, access.run_to_steer(request, pk), "influence")
