"""What was judged under an older guideline: how much it is, and a button for it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from curation import access
from curation.actions import older_guidelines
from curation.background import ring
from curation.errors import CurationError
from curation.forms.judged_again import OlderForm
from curation.http import SignedInRequest
from curation.judged_again import foreseen
from curation.models import Dataset, SecondLook
from curation.tasks import judge_again
from curation.views import page

SHOWN = 10  # of what was asked for before


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest, slug: str) -> HttpResponse:
    """What ?version= and ?category= choose, and what asking for it would make."""
    dataset = access.dataset_to_curate(request, slug)
    newest = dataset.guideline_in_force()
    if newest is None:
        raise Http404
    sent = request.POST if request.method == "POST" else request.GET
    form = OlderForm(dataset, newest, sent)
    if not form.is_valid():
        return _page(request, dataset, form, status=422)
    if request.method != "POST":
        return _page(request, dataset, form)
    try:
        older_guidelines.ask(older=form.older, by=request.user)
    except CurationError as refusal:
        return _page(request, dataset, form, status=409, problem=str(refusal))
    ring(judge_again)
    messages.success(
        request, _("It is being put before people again. You can go on meanwhile.")
    )
    return redirect("curation:judged-again", slug)


@require_POST
@login_required
def stop(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    look = access.second_look_in(access.dataset_to_curate(request, slug), pk)
    older_guidelines.stop(look_id=look.pk, by=request.user)
    messages.success(request, _("Stopped: what is left counts on as it was judged."))
    return redirect("curation:judged-again", slug)


def _page(
    request: SignedInRequest,
    dataset: Dataset,
    form: OlderForm,
    *,
    status: int = 200,
    **said: Any,
) -> HttpResponse:
    looks = SecondLook.objects.filter(dataset=dataset).order_by("-pk")
    shown = looks.select_related("guideline", "newest", "category", "asked_by")
    context = {
        "form": form,
        "found": foreseen(form.older, dataset.policy) if form.is_valid() else None,
        "looks": list(shown[:SHOWN]),
        "is_running": looks.filter(ended_at=None).exists(),
        "is_curator": True,
    }
    return page.of_dataset(
        request, dataset, "judged_again.html", status=status, **context, **said
    )
