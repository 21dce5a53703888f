"""What stands behind a version or a model, where a text went, and cards of the same."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_safe

from curation import access, cards, facts, handoff, lineage
from curation.errors import CurationError
from curation.http import SignedInRequest
from curation.models import Message
from curation.views import page


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
        cards=list(cards.CARDS),
    )


@require_safe
@login_required
def card(request: SignedInRequest, slug: str, number: int, name: str) -> HttpResponse:
    version = access.version(request, slug, number)
    if name not in cards.CARDS:
        raise Http404
    try:
        made = cards.card(version, name)
    except CurationError as refusal:
        messages.error(request, str(refusal))
        return redirect("curation:version", slug, number)
    headers = {"Content-Disposition": f'attachment; filename="{made.file_name}"'}
    kind = f"{made.kind}; charset=utf-8"
    return HttpResponse(made.text, content_type=kind, headers=headers)


@require_GET
@login_required
def of_model(request: SignedInRequest, pk: int) -> HttpResponse:
    """Everything behind one model: the versions in its weights, and what is behind them."""
    report = access.report(request, pk)
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
    went = lineage.of_text(message, request.user, page.sight(request, dataset))
    return page.of_dataset(
        request,
        dataset,
        "text_lineage.html",
        message=message,
        told=Message(state=went.state),
        made=[(one, Message(state=one.state)) for one in went.made],
        reached=went.reached,
    )
