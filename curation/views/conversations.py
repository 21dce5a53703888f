"""One conversation: its tree, and what a curator decides in it."""

from __future__ import annotations

from collections import defaultdict

from django import forms
from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from curation import access, neighbours
from curation.actions import messages
from curation.actions.rights import Role, Sight, holds
from curation.errors import CurationError
from curation.forms.conversations import HoldForm, ReleaseForm
from curation.http import SignedInRequest
from curation.models import Conversation, Dataset, GoldItem, GoldRanking, Message
from curation.threads import threads_of
from curation.trails import trails_of
from curation.tree import Node, history_of, nodes_of
from curation.unmet import unmet_in
from curation.views import gold, gold_rankings, page

FORMS_AT_MOST = 20  # messages: with more, the forms would be most of the page


@require_GET
@login_required
def show(request: SignedInRequest, slug: str, number: int) -> HttpResponse:
    return _page(request, access.conversation(request, slug, number))


@require_POST
@login_required
def release(request: SignedInRequest, slug: str, number: int, pk: int) -> HttpResponse:
    conversation = access.conversation_to_curate(request, slug, number)
    message = _message(conversation, pk)
    form = ReleaseForm(request.POST)
    if not form.is_valid():
        return _page(request, conversation, {pk: form}, status=422)
    accept, why = form.cleaned_data["decision"] == "accept", form.cleaned_data["why"]
    try:
        messages.release(message_id=message.pk, by=request.user, accept=accept, why=why)
    except CurationError as refusal:
        return _page(request, conversation, {pk: form}, problem=str(refusal), status=409)
    said = _("Accepted.") if accept else _("Rejected. Its author reads why.")
    notices.success(request, said)
    return redirect("curation:conversation", slug, number)


@require_POST
@login_required
def hold(request: SignedInRequest, slug: str, number: int, pk: int) -> HttpResponse:
    conversation = access.conversation_to_curate(request, slug, number)
    message = _message(conversation, pk)
    form = HoldForm(request.POST)
    if not form.is_valid():
        return _page(request, conversation, {pk: form}, status=422)
    try:
        messages.hold(message_id=message.pk, by=request.user, **form.cleaned_data)
    except CurationError as refusal:
        return _page(request, conversation, {pk: form}, problem=str(refusal), status=409)
    notices.success(request, _("Held: nothing is learned from it until you decide."))
    return redirect("curation:conversation", slug, number)


def _message(conversation: Conversation, pk: int) -> Message:
    for message in conversation.messages.all():
        if message.pk == pk:
            return message
    raise Http404


def _page(
    request: SignedInRequest,
    conversation: Conversation,
    sent: dict[int, forms.Form] | None = None,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    seen = page.sight(request, conversation.dataset)
    is_curator = seen == Sight.ALL
    nodes = nodes_of(conversation, reader=request.user, seen=seen)
    unmet = unmet_in(conversation.dataset, request.user, seen)
    _talk(nodes, request)
    trails = trails_of([node.message for node in nodes], is_curator=is_curator)
    for node in nodes:
        node.trail = trails[node.message.pk]
    if is_curator:
        asked = _asked_about(nodes, request, sent or {})
        _offer_gold(nodes, asked, conversation.dataset)
        for node in asked:
            is_held = node.message.state == Message.State.HELD
            form_class = ReleaseForm if is_held else HoldForm
            fresh = form_class(auto_id=f"message-{node.number}-%s")
            node.form = (sent or {}).get(node.message.pk, fresh)
    return page.of_dataset(
        request,
        conversation.dataset,
        "conversation.html",
        conversation=conversation,
        nodes=nodes,
        is_long=len(nodes) > FORMS_AT_MOST,
        numbers={node.message.pk: node.number for node in nodes},
        history=history_of(conversation, nodes) if is_curator else [],
        is_curator=is_curator,
        told=Conversation(state=unmet.state_around(conversation.pk, conversation.state)),
        is_viewer=seen == Sight.SETTLED,
        compares_meanings=_compares_meanings(request, conversation.dataset),
        problem=problem,
        status=status,
    )


def _compares_meanings(request: SignedInRequest, dataset: Dataset) -> bool:
    return neighbours.is_there() and holds(request.user, dataset, Role.REVIEWER)


def _asked_about(
    nodes: list[Node], request: SignedInRequest, sent: dict[int, forms.Form]
) -> list[Node]:
    """Those with forms. Of many messages the held ones, and the one that was asked for."""
    if len(nodes) <= FORMS_AT_MOST:
        return nodes
    asked = request.GET.get("decide", "")
    for node in nodes:
        node.is_asked = str(node.message.pk) == asked
    return [
        node
        for node in nodes
        if node.is_asked
        or node.message.state == Message.State.HELD
        or node.message.pk in sent
    ]


def _talk(nodes: list[Node], request: SignedInRequest) -> None:
    """What was said about the texts that the person may read."""
    shown = [node for node in nodes if node.is_shown]
    threads = threads_of([node.message for node in shown], request.user)
    for node in shown:
        node.thread = threads[node.message.pk]


def _offer_gold(nodes: list[Node], asked: list[Node], dataset: Dataset) -> None:
    """Decided texts can be mixed into the reviews; of a pair, its answer stands for it."""
    pks = [node.message.pk for node in nodes]
    known = GoldItem.objects.filter(message__in=pks, retired_at=None)
    in_use = set(known.values_list("message", flat=True))
    for node in nodes:
        node.is_gold = node.message.pk in in_use
    for node in asked:
        message = node.message
        is_decided = message.state in (Message.State.ACCEPTED, Message.State.REJECTED)
        if (
            is_decided
            and not node.is_gold
            and not (dataset.is_pairs and not message.parent_id)
        ):
            node.gold_form = gold.form_for(message)
    _offer_gold_rankings(nodes, asked)


def _is_rankable(message: Message) -> bool:
    """As MessageQuerySet.rankable() says; these are loaded already."""
    is_offered = message.origin == Message.Origin.MODEL
    is_offered = is_offered and message.state == Message.State.SUBMITTED
    is_answer = message.role == Message.Role.ASSISTANT
    return is_answer and (is_offered or message.state == Message.State.ACCEPTED)


def _offer_gold_rankings(nodes: list[Node], asked: list[Node]) -> None:
    """Prompts with answers to order, which begin as they were settled."""
    pks = [node.message.pk for node in nodes]
    known = GoldRanking.objects.in_use().filter(prompt__in=pks)
    in_use = set(known.values_list("prompt", flat=True))
    answers: dict[int | None, list[Node]] = defaultdict(list)
    for node in nodes:
        if _is_rankable(node.message):
            answers[node.message.parent_id].append(node)
    for node in nodes:
        node.is_gold_ranking = node.message.pk in in_use
    for node in asked:
        theirs = answers[node.message.pk]
        shown = [one.message for one in theirs]
        if gold_rankings.can_be_known(node.message, shown) and not node.is_gold_ranking:
            names = {
                one.message.pk: _("Answer %(number)s") % {"number": one.number}
                for one in theirs
            }
            order = node.settlement.order if node.settlement else ()
            node.gold_ranking_form = gold_rankings.form_for(
                node.message, shown, order=order, names=names
            )
