"""Where a person starts: the next thing to do, and what became of their work."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotate import allotments, history, progress, queue, shortage
from annotate.models import Assignment, Draft
from curation.http import SignedInRequest
from curation.models import Dataset, Suspension


@require_GET
@login_required
def home(request: SignedInRequest) -> HttpResponse:
    person = request.user
    pairs = queue.pairs_of(person)
    covered = queue.covering(pairs)
    # A known item comes in the place of a review; there it is counted already.
    slots = queue.fit_for(person, covered).filter(is_gold=False)
    held = Assignment.objects.held_by(person).filter(covered, is_ahead=False).for_page()
    kept = Draft.objects.filter(person=person).exclude(
        assignment__person=person, assignment__state=Assignment.State.LEASED
    )
    offers = queue.offers(person, pairs)
    begun, *others = held.order_by("lease_until") or [None]
    following = None if begun else queue.first_of(person, pairs)
    has_datasets = bool(offers) or Dataset.objects.taken_part_in_by(person).exists()
    looks_on = not has_datasets and Dataset.objects.visible_to(person).exists()
    is_idle = begun is None and following is None and has_datasets
    context = {
        "held": begun,
        "also_held": others,
        "offers": offers,
        "writing": queue.writing_offers(slots),
        "kept": kept.select_related("assignment__dataset", "assignment__category"),
        "allotments": allotments.running_for(person),
        "progress": progress.of(person),
        "streak": progress.streak(person),
        "goals": progress.goals(person),
        "next": following,
        "has_datasets": has_datasets,
        "looks_on": looks_on,
        "paused": Suspension.objects.in_force().filter(person=person).for_listing(),
        "reasons": shortage.reasons(person) if is_idle else [],
        **history.for_page(person, request.GET),
    }
    return render(request, "annotate/home.html", context)
