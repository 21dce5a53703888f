"""What stands behind a version or a model, where a text went, and cards of the same."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET

from curation import access, facts, handoff, lineage, reach
from curation.errors import CurationError
from curation.formats.consent_summary import consent_summary
from curation.formats.croissant import croissant
from curation.formats.dataset_card import dataset_card
from curation.formats.datasheet import datasheet
from curation.formats.facts import Facts
from curation.http import SignedInRequest
from curation.models import Message, ModelReport
from curation.unmet import unmet_in
from curation.views import page


def _croissant(known: Facts) -> str:
    return json.dumps(croissant(known), indent=2, ensure_ascii=False) + "\n"


# Name of a file to what makes it, and its type.
CARDS: dict[str, tuple[Callable[[Facts], str], str]] = {
    "README.md": (dataset_card, "text/markdown"),
    "croissant.json": (_croissant, "application/ld+json"),
    "datasheet.md": (datasheet, "text/markdown"),
    "consent.md": (consent_summary, "text/markdown"),
}


@require_GET
@login_required
def of_version(request: SignedInRequest, slug: str, number: int) -> HttpResponse:
    """How many people, under which guidelines, with which consents, into which models."""
    version = access.version(request, slug, number)
    known = facts.of(version)
    return page.of_dataset(
        request,
        version.dataset,
        "version_lineage.html",
        version=version,
        facts=known,
        not_allowed=facts.not_allowed(known),
        learned=lineage.learned_from(version),
        cards=list(CARDS),
    )


@require_GET
@login_required
def card(request: SignedInRequest, slug: str, number: int, name: str) -> HttpResponse:
    version = access.version(request, slug, number)
    if name not in CARDS:
        raise Http404
    make, kind = CARDS[name]
    try:
        text = make(facts.with_files(version))
    except CurationError as refusal:
        messages.error(request, str(refusal))
        return redirect("curation:version", slug, number)
    named = f"{version.dataset.slug}-v{version.number}-{name}"
    headers = {"Content-Disposition": f'attachment; filename="{named}"'}
    return HttpResponse(text, content_type=f"{kind}; charset=utf-8", headers=headers)


@require_GET
@login_required
def of_model(request: SignedInRequest, pk: int) -> HttpResponse:
    """Everything behind one model: the versions in its weights, and what is behind them."""
    there = ModelReport.objects.select_related("version__dataset__policy")
    seen = there.filter(version__dataset__in=access.datasets(request))
    report = get_object_or_404(seen, pk=pk)
    learned = lineage.all_behind(report, shown=access.datasets(request))
    context = {
        "report": report,
        "version": report.version,
        "dataset": report.version.dataset,
        "versions": learned,
        "facts": learned[0].facts,
        "not_allowed": learned[0].not_allowed,
        "learned": lineage.learned_from(report.version, only=report),
        "recalled": handoff.recalled_in_all(one.version.pk for one in learned),
    }
    return render(request, "curation/model_lineage.html", context)


@require_GET
@login_required
def of_text(request: SignedInRequest, pk: int) -> HttpResponse:
    """What was made of its words, which versions hold it, which models learned from it."""
    message = access.message_to_discuss(request, pk)
    dataset = message.conversation.dataset
    unmet = unmet_in(dataset, request.user, page.sight(request, dataset))
    # Of a known item it would say what became of it.
    known = [] if pk in unmet.messages else [pk]
    made = Message.objects.filter(pk__in=reach.derived(known)).exclude(
        pk__in=[pk, *unmet.later]
    )
    return page.of_dataset(
        request,
        dataset,
        "text_lineage.html",
        message=message,
        told=Message(state=unmet.state_of(message)),
        made=made.filter(conversation__dataset=dataset).order_by("pk"),
        reached=lineage.reached_by(known),
    )
