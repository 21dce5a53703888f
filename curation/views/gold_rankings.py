"""Rankings as known items: prompts whose order is known, from the page of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation import access, known
from curation.actions import gold_rankings
from curation.aggregate.demand import RANK_AT_MOST
from curation.errors import CurationError
from curation.forms.moderation import GoldRankingForm
from curation.http import SignedInRequest, way_back
from curation.models import Dataset, Message, Settlement
from curation.rendering import plain
from curation.views import page

SUGGESTED = 5
CLEAR_FROM = 0.7  # mean rank correlation of the ballots
CLEAR_BALLOTS = 3


@require_POST
@login_required
def make(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    """From the page of a conversation, or from what is suggested among the known items."""
    dataset = access.dataset_to_curate(request, slug)
    prompt = access.message_in(dataset, pk)
    form = form_for(prompt, rankable(prompt), sent=request.POST)
    if not form.is_valid():
        return _again(request, dataset, prompt, form, status=422)
    try:
        gold_rankings.make(
            prompt_id=pk, by=request.user, placed=form.placed,
            why=form.cleaned_data["why"],
        )  # fmt: skip
    except CurationError as refusal:
        said = str(refusal)
        return _again(request, dataset, prompt, form, status=409, problem=said)
    messages.success(
        request, _("It will be mixed into the rankings of those who did not meet it.")
    )
    return redirect(way_back(request, reverse("curation:gold", args=[slug])))


@require_POST
@login_required
def retire(request: SignedInRequest, slug: str, pk: int) -> HttpResponse:
    item = access.gold_ranking_in(access.dataset_to_curate(request, slug), pk)
    gold_rankings.retire(item_id=item.pk, by=request.user)
    messages.success(request, _("Retired: nobody is shown it any more."))
    return redirect("curation:gold", slug)


def rankable(prompt: Message) -> list[Message]:
    return list(prompt.replies.rankable().order_by("pk"))


def can_be_known(prompt: Message, answers: Sequence[Message]) -> bool:
    is_accepted = prompt.state == Message.State.ACCEPTED
    return is_accepted and 2 <= len(answers) <= RANK_AT_MOST


def form_for(
    prompt: Message,
    answers: Sequence[Message],
    *,
    order: Sequence[Sequence[int]] = (),
    names: Mapping[int, str] | None = None,
    sent: Mapping[str, str] | None = None,
) -> GoldRankingForm:
    """A form that starts with the order given; `names` is what the page calls answers."""
    places = {pk: place for place, group in enumerate(order, 1) for pk in group}
    named = [(one.pk, (names or {}).get(one.pk) or _beginning(one)) for one in answers]
    initial = {f"place_{pk}": places.get(pk) or len(answers) for pk, _name in named}
    return GoldRankingForm(named, sent, auto_id=f"ranking-{prompt.pk}-%s", initial=initial)


def in_use(dataset: Dataset) -> dict[str, list[Any]]:
    """What the page of known items shows of rankings. Two queries, and some for ideas."""
    counted = known.orders(dataset)
    return {
        "rankings": list(counted.filter(retired_at=None).order_by("-created_at", "-pk")),
        "retired_rankings": list(
            counted.exclude(retired_at=None).order_by("-retired_at", "-pk")
        ),
        "suggested_rankings": _suggested(dataset),
    }


def _suggested(dataset: Dataset) -> list[tuple[Message, list[Message], GoldRankingForm]]:
    """What people agreed on lately and what is no known item yet."""
    clear = Settlement.objects.filter(
        prompt__conversation__dataset=dataset,
        prompt__state=Message.State.ACCEPTED,
        prompt__gold_ranking=None,
        status=Settlement.Status.CONSENSUS,
        ballots__gte=CLEAR_BALLOTS,
        agreement__gte=CLEAR_FROM,
    ).select_related("prompt__conversation")
    found = []
    for settled in clear.order_by("-settled_at", "-pk")[:SUGGESTED]:
        answers = rankable(settled.prompt)
        if can_be_known(settled.prompt, answers):
            form = form_for(settled.prompt, answers, order=settled.order)
            found.append((settled.prompt, answers, form))
    return found


def _again(
    request: SignedInRequest,
    dataset: Dataset,
    prompt: Message,
    form: GoldRankingForm,
    *,
    status: int,
    problem: str = "",
) -> HttpResponse:
    return page.of_dataset(
        request,
        dataset,
        "gold_ranking.html",
        status=status,
        message=prompt,
        answers=rankable(prompt),
        form=form,
        back=way_back(request, ""),
        problem=problem,
        is_curator=True,
    )


def _beginning(answer: Message) -> str:
    return Truncator(plain(answer.text[:400])).words(14)
