"""Which datasets there are, and how one of them is doing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from curation import access
from curation.actions import datasets
from curation.actions.rights import Sight
from curation.errors import CurationError
from curation.forms.datasets import DatasetForm, PolicyForm
from curation.http import SignedInRequest
from curation.models import Conversation, Dataset, Membership, Message
from curation.tree import first_prompt
from curation.unmet import Unmet, unmet_in
from curation.views import page

UNDER_REVIEW = Conversation.State.REVIEW

ROLES = {
    Membership.Role.WRITER: ngettext_lazy("%(count)d writer", "%(count)d writers", "count"),
    Membership.Role.REVIEWER: ngettext_lazy(
        "%(count)d reviewer", "%(count)d reviewers", "count"
    ),
    Membership.Role.CURATOR: ngettext_lazy(
        "%(count)d curator", "%(count)d curators", "count"
    ),
    Membership.Role.VIEWER: ngettext_lazy("%(count)d viewer", "%(count)d viewers", "count"),
}


@require_GET
@login_required
def index(request: SignedInRequest) -> HttpResponse:
    shown = page.paged(request, access.datasets(request).for_listing())
    return render(request, "curation/datasets.html", {"page": shown})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: SignedInRequest) -> HttpResponse:
    access.site_admins_only(request)
    sent = request.POST if request.method == "POST" else None
    form, policy = DatasetForm(sent), PolicyForm(sent)
    context: dict[str, Any] = {"form": form, "policy": policy}
    if sent is None:
        return render(request, "curation/dataset_new.html", context)
    if not (form.is_valid() & policy.is_valid()):
        return render(request, "curation/dataset_new.html", context, status=422)
    try:
        dataset = datasets.create(
            by=request.user, policy=policy.cleaned_data, **form.cleaned_data
        )
    except CurationError as refusal:
        context["problem"] = str(refusal)
        return render(request, "curation/dataset_new.html", context, status=409)
    messages.success(request, _("The dataset is there. Now say who takes part."))
    return redirect("curation:people", dataset.slug)


@require_GET
@login_required
def show(request: SignedInRequest, slug: str) -> HttpResponse:
    dataset = access.dataset(request, slug)
    categories = list(dataset.categories.with_progress())
    seen = page.sight(request, dataset)
    wanted = {
        "state": _allowed(request, "state", Conversation.State.values),
        "category": _allowed(request, "category", [c.slug for c in categories]),
    }
    unmet = unmet_in(dataset, request.user, seen)
    shown = _conversations(request, dataset, wanted, unmet)
    return page.of_dataset(
        request,
        dataset,
        "dataset.html",
        categories=categories,
        lines=_lines(request, shown, seen, unmet),
        is_curator=seen == Sight.ALL,
        is_viewer=seen == Sight.SETTLED,
        page=shown,
        guideline=dataset.guideline_in_force(),
        roles=_roles(dataset),
        states=(by_state := _by_state(dataset, unmet)),
        total=sum(state["count"] for state in by_state),
        waits=_waits(dataset),
        wanted=wanted,
    )


def _allowed(request: SignedInRequest, name: str, values: list[str]) -> str:
    value = request.GET.get(name, "")
    return value if value in values else ""


def _conversations(
    request: SignedInRequest, dataset: Dataset, wanted: dict[str, str], unmet: Unmet
) -> Page[Conversation]:
    rows = dataset.conversations.for_listing().order_by("-created_at", "-pk")
    if wanted["state"]:
        rows = rows.filter(unmet.around([wanted["state"]], pk="pk", state="state"))
    if wanted["category"]:
        rows = rows.filter(category__slug=wanted["category"])
    return page.paged(request, rows, size=20)


def _lines(request: SignedInRequest, rows: Iterable[Any], seen: Sight, unmet: Unmet) -> Any:
    """Conversations of `for_listing()`, each with its state as it is told, and its first
    prompt, or None if this person may not read that."""
    for row in rows:
        prompt = first_prompt(one for one in row.roots if one.pk not in unmet.later)
        may_read = prompt and access.may_read(request.user, prompt, seen)
        told = Conversation(state=unmet.state_around(row.pk, row.state))
        yield {
            "conversation": row,
            "prompt": prompt if may_read else None,
            "told": told,
            "message_count": unmet.count_in(row.pk, row.message_count or 0),
            # How old a text is that waits for verdicts, only curators are told.
            "has_date": seen != Sight.WORK or told.state != UNDER_REVIEW,
        }


def _by_state(dataset: Dataset, unmet: Unmet) -> list[dict[str, Any]]:
    counts = _counts(dataset.conversations, "state")
    if unmet.messages:
        known = dataset.conversations.filter(pk__in=unmet.begun | unmet.answered)
        there = list(known.values_list("pk", "state"))
        counts = Counter(counts)
        counts.subtract(state for _, state in there)
        counts.update(unmet.state_around(*one) for one in there)
    states = Conversation.State
    return [
        {"value": s.value, "label": s.label, "count": counts[s.value]}
        for s in states
        if counts.get(s.value)
    ]


def _waits(dataset: Dataset) -> dict[str, int]:
    """Texts that wait for a person's verdict. Models' answers wait to be ranked instead."""
    waiting = Message.objects.filter(conversation__dataset=dataset).exclude(origin="model")
    if dataset.is_pairs:
        waiting = waiting.exclude(parent=None)  # a pair is judged as one, on its answer
    counts = _counts(waiting.filter(state__in=["submitted", "held"]), "state")
    return {"review": counts.get("submitted", 0), "held": counts.get("held", 0)}


def _roles(dataset: Dataset) -> list[str]:
    """As in ["3 writers", "1 curator"]."""
    counts = _counts(dataset.memberships, "role")
    known = [(counts[role], said) for role, said in ROLES.items() if role in counts]
    return [str(said % {"count": count}) for count, said in known]


def _counts(rows: Any, name: str) -> dict[str, int]:
    return dict(rows.order_by().values_list(name).annotate(Count("pk")))
