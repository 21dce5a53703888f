"""What a person contributed, and what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from curation import access, care, contributions, lineage
from curation.actions import withdrawals
from curation.actions.rights import sight
from curation.contributions import STATES_OF, Chosen, Tab
from curation.errors import CurationError
from curation.http import SignedInRequest
from curation.views import page

TAKEN_BACK_AT_MOST = 100  # the newest


@require_GET
@login_required
def show(request: SignedInRequest) -> HttpResponse:
    """Texts, reviews or rankings, narrowed by state and dataset."""
    asked = request.GET.get("tab", "")
    tab = Tab(asked) if asked in Tab.values else Tab.TEXTS
    states = STATES_OF[tab]
    datasets = list(contributions.datasets_of(request.user, tab))
    state, slug = request.GET.get("state", ""), request.GET.get("dataset", "")
    chosen = Chosen(
        state=state if state in dict(states) else "",
        dataset=slug if slug in {dataset.slug for dataset in datasets} else "",
    )
    rows = page.paged(request, contributions.listed(request.user, tab, chosen))
    context = {
        "tabs": Tab,
        "tab": tab,
        "page": rows,
        "casts": map(contributions.cast, rows) if tab == Tab.BALLOTS else (),
        "states": states,
        "datasets": datasets,
        "chosen": chosen,
        "cares": [] if tab == Tab.TEXTS else care.of_person(request.user),
    }
    return render(request, "curation/me.html", context)


@require_GET
@login_required
def work(request: SignedInRequest) -> HttpResponse:
    """What the person's words did: the versions and the models that they reached."""
    taken_back = request.user.withdrawals.select_related(
        "message__conversation__dataset", "dataset"
    )
    context = {
        "versions": lineage.of(request.user),
        "taken_back": list(taken_back.order_by("-pk")[:TAKEN_BACK_AT_MOST]),
    }
    return render(request, "curation/work.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """Asks first, and says which frozen versions hold the text.

    What would betray a known item that the person may yet meet is told once it is done.
    """
    message = access.message_of_mine(request, pk)
    seen = access.datasets(request).values_list("pk", flat=True)
    known = sight(request.user, message.conversation.dataset)
    context: dict[str, Any] = {
        "message": message,
        "reached": lineage.of_text(message, request.user, known).reached,
        "seen": set(seen),
    }
    if request.method != "POST":
        return render(request, "curation/withdraw.html", context)
    try:
        asked = withdrawals.take_back(message_id=message.pk, by=request.user)
    except CurationError as refusal:
        context["problem"] = str(refusal)
        return render(request, "curation/withdraw.html", context, status=409)
    notices.success(request, _("Taken back. Later versions leave it out."))
    return redirect("curation:withdrawal", asked.pk)
