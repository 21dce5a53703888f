"""Where a person starts: the next thing to do, and what became of their work."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Case, IntegerField, Value, When
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotate import allotments, history, progress, queue, shortage
from annotate.models import Assignment, AssignmentQuerySet, Draft
from curation.http import SignedInRequest
from curation.models import Contributor, Dataset, Profile


@require_GET
@login_required
def home(request: SignedInRequest) -> HttpResponse:
    person = request.user
    covered = queue.covered_by(person)
    profile = Profile.of(person)
    open_ones = Assignment.objects.open_to(person).filter(covered)
    slots = queue.in_languages_of(profile, open_ones)
    held = Assignment.objects.held_by(person).filter(covered, is_ahead=False).for_page()
    kept = Draft.objects.filter(person=person).exclude(
        assignment__person=person, assignment__state=Assignment.State.LEASED
    )
    offers = queue.offers(slots)
    begun = held.order_by("lease_until").first()
    following = _next(person, profile, slots)
    has_datasets = bool(offers) or Dataset.objects.visible_to(person).exists()
    is_idle = begun is None and following is None and has_datasets
    context = {
        "held": begun,
        "offers": offers,
        "writing": queue.writing_offers(slots),
        "kept": kept.select_related("assignment__dataset", "assignment__category"),
        "allotments": allotments.running_for(person),
        "progress": progress.of(person),
        "streak": progress.streak(person),
        "goals": progress.goals(person),
        "next": following,
        "has_datasets": has_datasets,
        "reasons": shortage.reasons(person) if is_idle else [],
        **history.for_page(person, request.GET),
    }
    return render(request, "annotate/home.html", context)


def _next(
    person: Contributor, profile: Profile, slots: AssignmentQuerySet
) -> Assignment | None:
    """What claiming would give, in the order of queue.next_for()."""
    turn = Case(
        When(reserved_for=person, then=Value(0)),
        When(category__in=queue.chosen_categories(profile), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return slots.for_page().order_by(turn, "priority", "pk").first()
