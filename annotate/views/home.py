"""Where a person starts: the next thing to do, and what became of their work."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotate import progress, queue
from annotate.models import Assignment, Draft
from curation.http import SignedInRequest
from curation.models import Dataset


@require_GET
@login_required
def home(request: SignedInRequest) -> HttpResponse:
    person = request.user
    covered = queue.covered_by(person)
    held = Assignment.objects.held_by(person).filter(covered).for_page()
    kept = Draft.objects.filter(person=person).exclude(
        assignment__person=person, assignment__state=Assignment.State.LEASED
    )
    slots = queue.fit_for(person, covered)
    offers = queue.offers(slots)
    context = {
        "held": held.order_by("lease_until").first(),
        "offers": offers,
        "writing": queue.writing_offers(slots),
        "kept": kept.select_related("assignment__dataset", "assignment__category"),
        "progress": progress.of(person),
        "next": queue.best_first(slots.for_page()).first(),
        "has_datasets": bool(offers) or Dataset.objects.visible_to(person).exists(),
    }
    return render(request, "annotate/home.html", context)
