"""Flags for a moderator: raised from any screen, decided on by curators."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from curation import access
from curation.actions import flags
from curation.errors import CurationError
from curation.forms.moderation import FlagDecisionForm, FlagForm
from curation.http import SignedInRequest, is_part, way_back
from curation.models import Dataset, Flag, Message
from curation.views import page

HELD_SHOWN = 50  # the longest waiting


@require_GET
@login_required
def show(request: SignedInRequest, slug: str) -> HttpResponse:
    return _page(request, access.dataset_to_curate(request, slug))


@require_GET
@login_required
def new(request: SignedInRequest, pk: int) -> HttpResponse:
    message = access.message_to_discuss(request, pk)
    return _form_page(request, message, FlagForm(initial={"message": message.address}))


@require_POST
@login_required
def raise_flag(request: SignedInRequest) -> HttpResponse:
    """Takes the form of any screen; a script gets one sentence to show."""
    form = FlagForm(request.POST)
    if "message" in form.errors:
        raise Http404
    message = access.message_to_discuss(request, form.cleaned_data["message"])
    if not form.is_valid():
        problem = str(next(iter(form.errors.values()))[0])
        return _refused(request, message, form, problem)
    facts = {name: form.cleaned_data[name] for name in ("reason", "note")}
    try:
        flags.raise_flag(message_id=message.pk, by=request.user, **facts)
    except CurationError as refusal:
        return _refused(request, message, form, str(refusal))
    said = _("Flagged. A curator will look at it.")
    if is_part(request):
        return JsonResponse({"said": said})
    messages.success(request, said)
    return redirect(way_back(request, reverse("curation:comments", args=[message.pk])))


@require_POST
@login_required
def decide(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    dataset = access.dataset_to_curate(request, slug)
    flag = access.flag_in(dataset, pk)
    form = FlagDecisionForm(request.POST, auto_id=f"flag-{pk}-%s")
    if not form.is_valid():
        return _page(request, dataset, {pk: form}, status=422)
    try:
        flags.resolve_flag(flag_id=flag.pk, by=request.user, **form.cleaned_data)
    except CurationError as refusal:
        return _page(request, dataset, {pk: form}, problem=str(refusal), status=409)
    said = {
        Flag.Outcome.DISMISSED: _("Closed: the text stays as it is."),
        Flag.Outcome.HELD: _("Held: nothing is learned from it until you decide."),
        Flag.Outcome.REMOVED: _("Rejected. Its author reads why."),
    }
    messages.success(request, said[form.cleaned_data["outcome"]])
    return redirect("curation:flags", slug)


def _refused(
    request: SignedInRequest, message: Message, form: FlagForm, problem: str
) -> HttpResponse:
    if is_part(request):
        return JsonResponse({"problem": problem}, status=422)
    return _form_page(request, message, form, problem=problem)


def _form_page(
    request: SignedInRequest, message: Message, form: FlagForm, *, problem: str = ""
) -> HttpResponse:
    context = {"message": message, "form": form, "problem": problem}
    context["back"] = way_back(request, "")
    status = 422 if problem else 200
    return render(request, "curation/flag.html", context, status=status)


def _page(
    request: SignedInRequest,
    dataset: Dataset,
    sent: dict[int, FlagDecisionForm] | None = None,
    *,
    status: int = 200,
    **said: Any,
) -> HttpResponse:
    """What waits, a card a message however many flagged it; then what was decided."""
    there = Flag.objects.filter(message__conversation__dataset=dataset)
    there = there.select_related(
        "by", "resolved_by", "message__conversation", "message__parent"
    )
    waiting: dict[int, list[Flag]] = {}
    for flag in there.filter(resolved_at=None).order_by("created_at", "pk"):
        waiting.setdefault(flag.message_id, []).append(flag)
    cards = [
        (of_one, (sent or {}).get(of_one[0].pk) or _form(of_one[0]))
        for of_one in waiting.values()
    ]
    closed = there.exclude(resolved_at=None).order_by("-resolved_at", "-pk")
    held = Message.objects.on_hold(dataset).exclude(pk__in=waiting)
    context = {"cards": cards, "page": page.paged(request, closed), "is_curator": True}
    context |= {"held": held[:HELD_SHOWN], "held_count": held.count()}
    return page.of_dataset(request, dataset, "flags.html", status=status, **context, **said)


def _form(flag: Flag) -> FlagDecisionForm:
    return FlagDecisionForm(auto_id=f"flag-{flag.pk}-%s")
