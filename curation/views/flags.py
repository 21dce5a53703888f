"""Flags for a moderator, raised from any screen. What became of them: see queue.py."""

from __future__ import annotations

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
from curation.forms.moderation import FlagForm
from curation.http import SignedInRequest, is_part, way_back
from curation.models import Message


@require_GET
@login_required
def new(request: SignedInRequest, pk: int) -> HttpResponse:
    message = access.message_to_speak_of(request, pk)
    return _form_page(request, message, FlagForm(initial={"message": message.address}))


@require_POST
@login_required
def raise_flag(request: SignedInRequest) -> HttpResponse:
    """Takes the form of any screen; a script gets one sentence to show."""
    form = FlagForm(request.POST)
    if "message" in form.errors:
        raise Http404
    message = access.message_to_speak_of(request, form.cleaned_data["message"])
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
