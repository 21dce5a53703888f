"""Known items mixed into a person's reviews, so that nothing tells them apart."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _

from annotate.models import Assignment, Skip
from curation.actions import gold
from curation.actions.messages import authors_of
from curation.models import Contributor, GoldAnswer, Message

if TYPE_CHECKING:
    from annotate.forms.review import ReviewForm

Kind = Assignment.Kind
State = Assignment.State


def instead_of(
    slot: Assignment, by: Contributor, *, category: str = ""
) -> Assignment | None:
    """A known item to lease in place of this review, where one is due. Else None.

    Runs in the transaction of the claim.
    """
    if slot.kind != Kind.REVIEW or slot.is_gold:
        return None
    every = slot.dataset.policy.gold_every
    if not every or not _is_due(slot, by, every):
        return None
    # Of two tabs that get here at once, the second waits, and then nothing is due.
    Contributor.objects.select_for_update(no_key=True).get(pk=by.pk)
    if not _is_due(slot, by, every):
        return None
    message = _next_item(slot, by, category)
    if message is None:
        return None
    return Assignment.objects.create(
        kind=Kind.REVIEW,
        dataset=slot.dataset,
        category=message.conversation.category,
        message=message,
        ranking_round=message.ranking_round,
        number=by.pk,
        priority=slot.priority,
        language=message.language,
        is_gold=True,
        # Handed back, it must not come to somebody else.
        reserved_for=by,
        barred=sorted(authors_of(message)),
    )


def answer(slot: Assignment, form: ReviewForm, by: Contributor) -> None:
    """Count what was said of a known item. The message itself is not judged."""
    assert slot.message_id is not None
    names = ("verdict", "reason", "edited_text")
    said = {name: form.cleaned_data[name] for name in names}
    gold.answer(message_id=slot.message_id, by=by, **said)


def outcome_of(slot: Assignment, by: Contributor) -> str:
    """What to tell who has just met a known item; nothing of an ordinary review."""
    if not slot.is_gold:
        return ""
    given = GoldAnswer.objects.filter(item__message=slot.message_id, person=by)
    found = given.select_related("item").first()
    if found is None:
        return ""
    if found.is_right:
        return _("This was a known item, and you decided as expected.")
    said = {
        "accept": _("This was a known item. It should have been accepted: %(why)s"),
        "reject": _("This was a known item. It should have been rejected: %(why)s"),
    }
    return said[found.item.verdict] % {"why": found.item.why}


def _is_due(slot: Assignment, by: Contributor, every: int) -> bool:
    """Whether so many reviews, less one, were done or taken since the last known item."""
    mine = Assignment.objects.filter(person=by, kind=Kind.REVIEW, dataset=slot.dataset)
    last = mine.filter(is_gold=True).order_by("-done_at").first()  # one in hand comes first
    if last is not None and last.state == State.LEASED:
        return False
    since = Q(done_at__gt=last.done_at) if last is not None else Q(state=State.DONE)
    ordinary = mine.filter(since | Q(state=State.LEASED), is_gold=False)
    return ordinary[: every - 1].count() >= every - 1


def _next_item(slot: Assignment, by: Contributor, category: str) -> Message | None:
    """One that the person neither wrote, reviewed, passed over nor had before.

    In an order of the person's own, the same at every asking.
    """
    had = Assignment.objects.filter(person=by, kind=Kind.REVIEW).values("message")
    skipped = Skip.objects.filter(person=by, kind=Kind.REVIEW, message__isnull=False)
    items = (
        Message.objects.filter(
            conversation__dataset=slot.dataset,
            gold__retired_at=None,
            gold__isnull=False,
            state__in=(Message.State.ACCEPTED, Message.State.REJECTED),
        )
        .exclude(pk__in=had)
        .exclude(pk__in=skipped.values("message"))
        .exclude(Q(gold__made_by=by) | Q(reviews__reviewer=by) | Q(author=by))
        .exclude(gold__answers__person=by)
        .select_related("conversation__category", "revises", "parent")
    )
    if category:
        items = items.filter(conversation__category__slug=category)
    there = list(items.order_by("pk"))
    random.Random(by.pk).shuffle(there)
    return next((one for one in there if by.pk not in _writers_of(one)), None)


def _writers_of(message: Message) -> set[int]:
    """Of a pair, who wrote the question knows it as well."""
    asked = authors_of(message.parent) if message.parent is not None else set()
    return authors_of(message) | asked
