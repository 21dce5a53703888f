"""Texts that mean nearly the same as one, for those who judge it."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from curation import access, neighbours
from curation.actions.rights import Sight
from curation.excerpts import SHOWN, marked, with_excerpts
from curation.http import SignedInRequest
from curation.models import Message, Vector
from curation.unmet import Unmet, unmet_in
from curation.views import page

SHOWN_AT_MOST = 10
LOOKED_AT = 30  # of which some are of the same conversation, or not for this person


class Similar(NamedTuple):
    message: Message
    told: Message  # with nothing but the state that is told
    likeness: float
    excerpt: SafeString
    is_cut: bool


@require_GET
@login_required
def show(request: SignedInRequest, pk: int) -> HttpResponse:
    message = access.message_to_compare(request, pk)
    model = neighbours.model_of_now()
    if model is None:
        raise Http404
    dataset = message.conversation.dataset
    seen = page.sight(request, dataset)
    unmet = unmet_in(dataset, request.user, seen)
    there = Vector.objects.select_related("dataset", "model")
    kept = there.filter(message=message, model=model).first()
    can_compare = kept is not None and kept.numbers is not None
    return page.of_dataset(
        request,
        dataset,
        "similar.html",
        message=message,
        told=_told(message, unmet),
        is_curator=seen == Sight.ALL,
        is_waiting=kept is None,
        can_compare=can_compare,
        similar=(
            _similar(request, message, kept, seen, unmet) if kept and can_compare else []
        ),
    )


def _similar(
    request: SignedInRequest, message: Message, kept: Vector, seen: Sight, unmet: Unmet
) -> list[Similar]:
    """From other conversations; the nearest first."""
    near = neighbours.of_message(kept, at_most=LOOKED_AT)
    others = Message.objects.exclude(conversation=message.conversation_id)
    rows = with_excerpts(others).select_related("conversation__category")
    by_key = rows.in_bulk([one.message_id for one in near])
    found = []
    for key, likeness in near:
        other = by_key.get(key) if key not in unmet.later else None
        if other and access.may_read(request.user, other, seen):
            excerpt: str = getattr(other, "excerpt", "")
            is_cut = len(excerpt) == SHOWN
            told = _told(other, unmet)
            found.append(Similar(other, told, likeness, marked(excerpt), is_cut))
    return found[:SHOWN_AT_MOST]


def _told(message: Message, unmet: Unmet) -> Message:
    return Message(state=unmet.state_of(message))
