"""Known items mixed into a person's reviews and rankings: nothing tells them apart."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from annotate.models import RANKINGS, Assignment, Skip
from curation.actions import gold, gold_rankings
from curation.actions.messages import authors_of
from curation.aggregate.reputation import GOLD_LATER, NEWCOMER, gold_share
from curation.models import (
    Contributor,
    GoldAnswer,
    GoldBallot,
    GoldRanking,
    Message,
    Profile,
)
from curation.wording import translated

if TYPE_CHECKING:
    from annotate.forms.rank import BallotForm
    from annotate.forms.review import ReviewForm

Kind = Assignment.Kind
MIXED = (Kind.REVIEW, *RANKINGS)
LETTERS = "ABCDEFGHI"
NEWCOMERS_SHARE = gold_share(NEWCOMER)
State = Assignment.State


def due_every(rule: int, share: float | None) -> int:
    """One review or ranking in so many is a known item; 0 is never.

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
    """A known item to lease in place of this review or ranking, where one is due.

    One in `every` is. Runs in a transaction of the caller.
    """
    if not every or slot.is_gold or slot.kind not in MIXED:
        return None
    if slot.kind in RANKINGS and not _orders(slot).exists():
        return None  # rankings are many, and most datasets know none
    if not _is_due(slot, by, every):
        return None
    # Of two tabs that get here at once, the second waits, and then nothing is due.
    Contributor.objects.select_for_update(no_key=True).get(pk=by.pk)
    if not _is_due(slot, by, every):
        return None
    _drop_unusable(slot, by)
    message = _next_item(slot, by, category)
    if message is None:
        return None
    return _made_before(slot.kind, message, by) or Assignment.objects.create(
        kind=slot.kind,
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
        barred=sorted(_judged_authors(slot.kind, message)),
    )


def answer_ranking(slot: Assignment, form: BallotForm, by: Contributor) -> None:
    """Count how the answers of a known item were ordered. It is no ballot."""
    assert slot.message_id is not None
    gold_rankings.answer(
        prompt_id=slot.message_id,
        by=by,
        outcome=form.ballot_outcome,
        shown=slot.shown,
        positions=form.positions,
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
    if slot.kind in RANKINGS:
        return _outcome_of_ranking(slot, by)
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


def _outcome_of_ranking(slot: Assignment, by: Contributor) -> str:
    given = GoldBallot.objects.filter(item__prompt=slot.message_id, person=by)
    found = given.select_related("item").first()
    if found is None:  # they could not judge it
        return ""
    if found.right >= gold_rankings.AS_EXPECTED_FROM:
        return _("This was a known item, and you ordered it as expected.")
    letters = _letters(slot, found.item)
    said = _("This was a known item. The order should have been %(order)s: %(why)s")
    return said % {"order": letters, "why": translated(found.item.why)}


def _letters(slot: Assignment, item: GoldRanking) -> str:
    """By the letters that the person saw: B, A = C."""
    letters = dict(zip(slot.shown, LETTERS, strict=False))
    groups = (sorted(letters[pk] for pk in group if pk in letters) for group in item.order)
    return ", ".join(" = ".join(group) for group in groups if group)


def _is_due(slot: Assignment, by: Contributor, every: int) -> bool:
    """Whether so many, less one, were done or taken since the last known item."""
    kinds = RANKINGS if slot.kind in RANKINGS else [Kind.REVIEW]
    mine = Assignment.objects.filter(person=by, kind__in=kinds, dataset=slot.dataset)
    last = mine.filter(is_gold=True).order_by("-done_at").first()  # one in hand comes first
    if last is not None and last.state == State.LEASED:
        return False
    since = Q(done_at__gt=last.done_at) if last is not None else Q(state=State.DONE)
    ordinary = mine.filter(since | Q(state=State.LEASED), is_gold=False)
    ordinary = ordinary.exclude(pk=slot.pk)  # just taken, and not seen if one is due
    return ordinary[: every - 1].count() >= every - 1


def _drop_unusable(slot: Assignment, by: Contributor) -> None:
    """Of what was handed back: items that were retired, held or withdrawn since."""
    mine = Assignment.objects.filter(
        is_gold=True, reserved_for=by, dataset=slot.dataset, kind=slot.kind
    )
    unusable = mine.filter(state=State.OPEN).exclude(message__in=_usable(slot))
    unusable.update(state=State.DROPPED)


def _made_before(kind: str, message: Message, by: Contributor) -> Assignment | None:
    """The slot that was made for the person already, and handed back or dropped."""
    made = Assignment.objects.filter(is_gold=True, kind=kind, message=message, number=by.pk)
    return made.filter(person=None).select_for_update().first()


def _usable(slot: Assignment) -> QuerySet[Message]:
    if slot.kind in RANKINGS:
        return Message.objects.filter(gold_ranking__in=_orders(slot))
    return Message.objects.filter(
        conversation__dataset=slot.dataset,
        gold__retired_at=None,
        gold__isnull=False,
        state__in=(Message.State.ACCEPTED, Message.State.REJECTED),
    )


def _orders(slot: Assignment) -> QuerySet[GoldRanking]:
    """Of as many answers as such a page compares, where these are what is ranked now."""
    rankable = Message.objects.rankable().filter(parent=OuterRef("prompt"))
    now = ArraySubquery(rankable.order_by("pk").values("pk"))
    there = GoldRanking.objects.in_use().filter(
        prompt__conversation__dataset=slot.dataset, prompt__state=Message.State.ACCEPTED
    )
    is_two = Q(answers__len=2)
    there = there.filter(is_two if slot.kind == Kind.COMPARE else ~is_two)
    return there.annotate(now=now).filter(answers=F("now"))


def _next_item(slot: Assignment, by: Contributor, category: str) -> Message | None:
    """One that the person can read and neither wrote, reviewed, skipped nor had before.

    In an order of the person's own, the same at every asking.
    """
    is_ranking = slot.kind in RANKINGS
    kinds = RANKINGS if is_ranking else [Kind.REVIEW]
    had = Assignment.objects.filter(person=by, kind__in=kinds).values("message")
    skipped = Skip.objects.filter(person=by, kind__in=kinds, message__isnull=False)
    items = (
        _usable(slot)
        .exclude(pk__in=had)
        .exclude(pk__in=skipped.values("message"))
        .select_related("conversation__category", "revises", "parent")
    )
    if is_ranking:
        items = items.exclude(Q(gold_ranking__made_by=by) | Q(ballots__ranker=by))
        items = items.exclude(gold_ranking__given__person=by)
    else:
        items = items.exclude(
            Q(gold__made_by=by) | Q(reviews__reviewer=by) | Q(author=by)
        ).exclude(gold__answers__person=by)
    if category:
        items = items.filter(conversation__category__slug=category)
    if languages := Profile.of(by).languages:
        items = items.filter(conversation__language__in=["", *languages])
    there = list(items.order_by("pk"))
    random.Random(by.pk).shuffle(there)
    return next((one for one in there if by.pk not in _knowing(slot.kind, one)), None)


def _knowing(kind: str, message: Message) -> set[int]:
    """Whose own words are judged."""
    return _judged_authors(kind, message) if kind in RANKINGS else _writers_of(message)


def _judged_authors(kind: str, message: Message) -> set[int]:
    if kind not in RANKINGS:
        return authors_of(message)
    answers = message.replies.rankable().select_related("revises")
    return {author for one in answers for author in authors_of(one)}


def _writers_of(message: Message) -> set[int]:
    """Of a pair, who wrote the question knows it as well."""
    asked = authors_of(message.parent) if message.parent is not None else set()
    return authors_of(message) | asked
