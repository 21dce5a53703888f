"""Known items: which there are, and how reviewers do on them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from curation import access, known
from curation.actions import gold
from curation.errors import CurationError
from curation.forms.moderation import GoldForm
from curation.http import SignedInRequest, way_back
from curation.models import Dataset, Message
from curation.views import gold_rankings, page

SUGGESTED = 5


@require_GET
@login_required
def show(request: SignedInRequest, slug: str) -> HttpResponse:
    return _page(request, access.dataset_to_curate(request, slug))


@require_POST
@login_required
def make(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    """From the page of a conversation, or from what is suggested here."""
    dataset = access.dataset_to_curate(request, slug)
    message = access.message_in(dataset, pk)
    form = GoldForm(request.POST, auto_id=f"gold-{pk}-%s")
    if not form.is_valid():
        return _page(request, dataset, (message, form), status=422)
    try:
        gold.make(message_id=pk, by=request.user, **form.cleaned_data)
    except CurationError as refusal:
        return _page(request, dataset, (message, form), status=409, problem=str(refusal))
    messages.success(
        request, _("It will be mixed into the reviews of those who did not meet it.")
    )
    return redirect(way_back(request, reverse("curation:gold", args=[slug])))


@require_POST
@login_required
def retire(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    item = access.gold_item_in(access.dataset_to_curate(request, slug), pk)
    gold.retire(item_id=item.pk, by=request.user)
    messages.success(request, _("Retired: nobody is shown it any more."))
    return redirect("curation:gold", slug)


def _page(
    request: SignedInRequest,
    dataset: Dataset,
    sent: tuple[Message, GoldForm] | None = None,
    *,
    status: int = 200,
    **said: Any,
) -> HttpResponse:
    counted = known.verdicts(dataset)
    rankings = gold_rankings.in_use(dataset)
    retired = counted.exclude(retired_at=None).order_by("-retired_at", "-pk")
    context = {
        "items": counted.filter(retired_at=None).order_by("-created_at", "-pk"),
        "retired": retired,
        "retired_count": len(retired) + len(rankings["retired_rankings"]),
        "people": known.shares(dataset),
        "suggested": [sent] if sent else _suggested(dataset),
        "is_curator": True,
        **rankings,
    }
    return page.of_dataset(request, dataset, "gold.html", status=status, **context, **said)


def _suggested(dataset: Dataset) -> list[tuple[Message, GoldForm]]:
    """What people agreed on lately and what is no known item yet."""
    decided = Message.objects.filter(
        conversation__dataset=dataset, state__in=("accepted", "rejected"), gold=None
    )
    if dataset.is_pairs:
        decided = decided.filter(parent__isnull=False)
    # Who meets it reads what is above it, too.
    decided = decided.exclude(parent__state__in=("held", "withdrawn"))
    counted = Q(reviews__set_aside_at=None)
    for_it = counted & Q(reviews__verdict="accept")
    against = counted & Q(reviews__verdict="reject")
    agreed = decided.annotate(
        pro=Count("reviews", filter=for_it), contra=Count("reviews", filter=against)
    ).filter(
        Q(state="accepted", pro__gte=1, contra=0)
        | Q(state="rejected", contra__gte=1, pro=0)
    )
    newest = agreed.select_related("conversation", "parent").order_by("-decided_at", "-pk")
    return [(message, form_for(message)) for message in newest[:SUGGESTED]]


def form_for(message: Message) -> GoldForm:
    """A form that starts with what was decided."""
    verdict = "accept" if message.state == Message.State.ACCEPTED else "reject"
    return GoldForm(auto_id=f"gold-{message.pk}-%s", initial={"verdict": verdict})
