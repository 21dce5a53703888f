"""One queue of texts that wait for curators: of a dataset, and of all of them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from curation import access, cases
from curation.actions import reversals, together
from curation.errors import CurationError
from curation.forms.queue import QueueFilterForm, QueueForm
from curation.http import SignedInRequest, way_back
from curation.models import Dataset, Decision, Message
from curation.views import page

PAGE = 20
Refused = list[tuple[Message, str]]


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: SignedInRequest, slug: str) -> HttpResponse:
    return _queue(request, access.dataset_to_curate(request, slug))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def everywhere(request: SignedInRequest) -> HttpResponse:
    access.site_admins_only(request)
    return _queue(request, None)


@require_POST
@login_required
def undo(request: SignedInRequest, pk: int) -> HttpResponse:
    decision = access.decision_to_undo(request, pk)
    try:
        reversals.take_back(decision_id=pk, by=request.user)
    except CurationError as refusal:
        notices.error(request, str(refusal))
    else:
        notices.success(request, _("Undone: it waits again."))
    return redirect(
        way_back(request, reverse("curation:flags", args=[decision.dataset.slug]))
    )


def _queue(request: SignedInRequest, dataset: Dataset | None) -> HttpResponse:
    datasets = Dataset.objects.filter(pk=dataset.pk) if dataset else Dataset.objects.all()
    curators = cases.curators_of(datasets)
    if request.method != "POST":
        return _page(request, dataset, datasets, QueueForm(curators=curators))
    form = QueueForm(request.POST, curators=curators)
    if not form.is_valid():
        return _page(request, dataset, datasets, form, status=422)
    there = Message.objects.filter(conversation__dataset__in=datasets)
    found = there.select_related("conversation").in_bulk(list(form.items))
    if len(found) < len(form.items):
        raise Http404
    outcome = together.act(items=form.items, by=request.user, **form.cleaned_data)
    if outcome.done:
        notices.success(request, _said(form.cleaned_data["action"], outcome.done))
    if outcome.refused:
        refused = [(found[pk], why) for pk, why in outcome.refused]
        return _page(request, dataset, datasets, form, refused=refused, status=409)
    return redirect(request.get_full_path())


def _said(action: str, done: int) -> str:
    if action in QueueForm.ASSIGNING:
        return ngettext(
            "It is noted who looks at it.", "It is noted who looks at them.", done
        )
    return ngettext(
        "Decided on %(count)d text. You can undo it for half an hour.",
        "Decided on %(count)d texts. You can undo it for half an hour.",
        done,
    ) % {"count": done}


def _page(
    request: SignedInRequest,
    dataset: Dataset | None,
    datasets: QuerySet[Dataset],
    form: QueueForm,
    *,
    refused: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    asked = QueueFilterForm(request.GET)
    asked.is_valid()  # what is not known is left out
    chosen = asked.cleaned_data
    context: dict[str, Any] = {
        "form": form,
        "curators": list(cases.curators_of(datasets)),
        "refused": refused or [],
        "chosen": chosen,
        "sorts": cases.SORTS,
        "marked": set(request.POST.getlist("item")),
        "is_curator": True,
        "dataset": dataset,
    }
    if chosen.get("state") == "decided":
        context |= _decided(datasets, chosen.get("after", 0))
    else:
        context |= _waiting(request, datasets, chosen)
    if dataset is None:
        return render(request, "curation/queue.html", context, status=status)
    del context["dataset"]
    return page.of_dataset(request, dataset, "queue.html", status=status, **context)


def _waiting(
    request: SignedInRequest, datasets: QuerySet[Dataset], chosen: dict[str, Any]
) -> dict[str, Any]:
    who = chosen.get("who", "")
    found = cases.waiting(
        datasets,
        sort=chosen.get("sort", ""),
        assignee=request.user if who == "me" else None,
        is_free=who == "nobody",
    ).filter(pk__gt=chosen.get("after", 0))
    items = cases.items_of(found[: PAGE + 1], request.user)
    has_more = len(items) > PAGE
    following = items[PAGE - 1].message.address if has_more else ""
    return {"items": items[:PAGE], "following": following}


def _decided(datasets: QuerySet[Dataset], before: int) -> dict[str, Any]:
    """Newest first."""
    decisions = Decision.objects.filter(dataset__in=datasets).for_listing().order_by("-pk")
    if before:
        decisions = decisions.filter(pk__lt=before)
    rows = list(decisions[: PAGE + 1])
    following = Message(pk=rows[PAGE - 1].pk).address if len(rows) > PAGE else ""
    return {"decisions": rows[:PAGE], "following": following}
