"""Known items mixed into a person's reviews, so that nothing tells them apart."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from annotate.models import Assignment, Skip
from curation.actions import gold
from curation.actions.messages import authors_of
from curation.aggregate.reputation import GOLD_LATER, NEWCOMER, gold_share
from curation.models import Contributor, GoldAnswer, Message, Profile
from curation.wording import translated

if TYPE_CHECKING:
    from annotate.forms.review import ReviewForm

Kind = Assignment.Kind
NEWCOMERS_SHARE = gold_share(NEWCOMER)
State = Assignment.State


def due_every(rule: int, share: float | None) -> int:
    """One review in so many is a known item; 0 is never.

    The rule of the dataset holds for who is known well. Of others more is to be learned:
    they get as many as their reputation asks for, where the rule gives fewer.
    """
    share = NEWCOMERS_SHARE if share is None else share
    if not rule or share <= GOLD_LATER:
        return rule
    return min(rule, round(1 / share))


def instead_of(
    slot: Assignment, by: Contributor, *, every: int, category: str = ""
) -> Assignment | None:
    """A known item to lease in place of this review, where one is due. Else None.

    One in `every` is. Runs in a transaction of the caller.
    """
    if slot.kind != Kind.REVIEW or slot.is_gold:
        return None
    if not every or not _is_due(slot, by, every):
        return None
    # Of two tabs that get here at once, the second waits, and then nothing is due.
    Contributor.objects.select_for_update(no_key=True).get(pk=by.pk)
    if not _is_due(slot, by, every):
        return None
    _drop_unusable(slot, by)
    message = _next_item(slot, by, category)
    if message is None:
        return None
    return _made_before(message, by) or Assignment.objects.create(
        kind=Kind.REVIEW,
        dataset=slot.dataset,
        category=message.conversation.category,
        message=message,
        ranking_round=message.ranking_round,
        number=by.pk,
        priority=slot.priority,
        language=message.conversation.language,
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
    return said[found.item.verdict] % {"why": translated(found.item.why)}


def _is_due(slot: Assignment, by: Contributor, every: int) -> bool:
    """Whether so many reviews, less one, were done or taken since the last known item."""
    mine = Assignment.objects.filter(person=by, kind=Kind.REVIEW, dataset=slot.dataset)
    last = mine.filter(is_gold=True).order_by("-done_at").first()  # one in hand comes first
    if last is not None and last.state == State.LEASED:
        return False
    since = Q(done_at__gt=last.done_at) if last is not None else Q(state=State.DONE)
    ordinary = mine.filter(since | Q(state=State.LEASED), is_gold=False)
    ordinary = ordinary.exclude(pk=slot.pk)  # just taken, and not seen if one is due
    return ordinary[: every - 1].count() >= every - 1


def _drop_unusable(slot: Assignment, by: Contributor) -> None:
    """Of what was handed back: items that were retired, held or withdrawn since."""
    mine = Assignment.objects.filter(is_gold=True, reserved_for=by, dataset=slot.dataset)
    unusable = mine.filter(state=State.OPEN).exclude(message__in=_usable(slot))
    unusable.update(state=State.DROPPED)


def _made_before(message: Message, by: Contributor) -> Assignment | None:
    """The slot that was made for the person already, and handed back or dropped."""
    made = Assignment.objects.filter(is_gold=True, message=message, number=by.pk)
    return made.filter(person=None).select_for_update().first()


def _usable(slot: Assignment) -> QuerySet[Message]:
    return Message.objects.filter(
        conversation__dataset=slot.dataset,
        gold__retired_at=None,
        gold__isnull=False,
        state__in=(Message.State.ACCEPTED, Message.State.REJECTED),
    )


def _next_item(slot: Assignment, by: Contributor, category: str) -> Message | None:
    """One that the person can read and neither wrote, reviewed, skipped nor had before.

    In an order of the person's own, the same at every asking.
    """
    had = Assignment.objects.filter(person=by, kind=Kind.REVIEW).values("message")
    skipped = Skip.objects.filter(person=by, kind=Kind.REVIEW, message__isnull=False)
    items = (
        _usable(slot)
        .exclude(pk__in=had)
        .exclude(pk__in=skipped.values("message"))
        .exclude(Q(gold__made_by=by) | Q(reviews__reviewer=by) | Q(author=by))
        .exclude(gold__answers__person=by)
        .select_related("conversation__category", "revises", "parent")
    )
    if category:
        items = items.filter(conversation__category__slug=category)
    if languages := Profile.of(by).languages:
        items = items.filter(conversation__language__in=["", *languages])
    there = list(items.order_by("pk"))
    random.Random(by.pk).shuffle(there)
    return next((one for one in there if by.pk not in _writers_of(one)), None)


def _writers_of(message: Message) -> set[int]:
    """Of a pair, who wrote the question knows it as well."""
    asked = authors_of(message.parent) if message.parent is not None else set()
    return authors_of(message) | asked
